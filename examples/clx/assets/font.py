"""Draws the font of the CLX example: a TrueType file whose every printable character is the same box."""

import struct

FAMILY = "CLX Hand"
FIRST, LAST = 0x20, 0x7E
UNITS, ADVANCE, SIDE = 1000, 600, 500
# 2024-01-01 in seconds since 1904, the epoch of TrueType: the bytes must not depend on the day.
TIME = 3786912000


def font() -> bytes:
    """The whole file."""
    glyph = box()
    tables = {
        b"OS/2": os2(),
        b"cmap": cmap(),
        b"glyf": glyph * 2,
        b"head": head(),
        b"hhea": struct.pack(">I3hH3h3h4hhH", 0x10000, 800, -200, 0, ADVANCE, 50, 50, 550, 1, 0, 0, 0, 0, 0, 0, 0, 2),
        b"hmtx": struct.pack(">HhHh", ADVANCE, 50, ADVANCE, 0),
        b"loca": struct.pack(">4H", 0, len(glyph) // 2, len(glyph) // 2, len(glyph)),
        b"maxp": struct.pack(">I14H", 0x10000, 3, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        b"name": name(),
        b"post": struct.pack(">IihhIIIII", 0x30000, 0, -100, 50, 1, 0, 0, 0, 0),
    }
    return assemble(tables)


def box() -> bytes:
    """A square: glyph 0, that of unknown characters, and glyph 2. Glyph 1, the space, takes no bytes."""
    low, high = 50, 50 + SIDE
    header = struct.pack(">hhhhh", 1, low, 0, high, SIDE)
    flags = bytes([1, 1, 1, 1])
    xs = struct.pack(">4h", low, 0, SIDE, 0)
    ys = struct.pack(">4h", 0, SIDE, 0, -SIDE)
    return pad(header + struct.pack(">HH", 3, 0) + flags + xs + ys)


def cmap() -> bytes:
    """One segment of printable ASCII with its list of glyphs, and the closing segment."""
    count = LAST - FIRST + 1
    glyphs = [1] + [2] * (count - 1)
    segments = struct.pack(">HHHHHhhHH", LAST, 0xFFFF, 0, FIRST, 0xFFFF, 0, 1, 4, 0)
    body = segments + struct.pack(f">{count}H", *glyphs)
    table = struct.pack(">HHHHHHH", 4, 14 + len(body), 0, 4, 4, 1, 0) + body
    return pad(struct.pack(">HHHHI", 0, 1, 3, 1, 12) + table)


def head() -> bytes:
    """The checksum adjustment is filled in by `assemble`."""
    return struct.pack(
        ">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 3, UNITS, TIME, TIME, 50, 0, 550, SIDE, 0, 8, 2, 0, 0
    )


def name() -> bytes:
    """Family, style, unique name, full name, version and PostScript name, in English for Windows."""
    texts = {1: FAMILY, 2: "Regular", 3: FAMILY, 4: FAMILY, 5: "Version 1.0", 6: FAMILY.replace(" ", "")}
    records, storage = b"", b""
    for identifier, text in texts.items():
        data = text.encode("utf-16-be")
        records += struct.pack(">6H", 3, 1, 0x409, identifier, len(data), len(storage))
        storage += data
    return pad(struct.pack(">HHH", 0, len(texts), 6 + len(records)) + records + storage)


def os2() -> bytes:
    """Weight and width are regular; the covered range is Basic Latin."""
    metrics = struct.pack(">HhHHH11h", 4, ADVANCE, 400, 5, 0, 650, 600, 0, 75, 650, 600, 0, 350, 50, 300, 0)
    coverage = bytes(10) + struct.pack(">4I4s", 1, 0, 0, 0, b"CLX ")
    lines = struct.pack(">HHHhhhHHIIhhHHH", 0x40, FIRST, LAST, 800, -200, 0, 800, 200, 1, 0, 500, 700, 0, 32, 1)
    return pad(metrics + coverage + lines)


def assemble(tables: dict[bytes, bytes]) -> bytes:
    """Directory and tables, with the checksums that TrueType asks for."""
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    header = struct.pack(">IHHHH", 0x10000, count, power * 16, power.bit_length() - 1, (count - power) * 16)
    directory, body = b"", b""
    start = len(header) + 16 * count
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag, checksum(data), start + len(body), len(data))
        body += pad(data)
    whole = bytearray(header + directory + body)
    place = start + body.index(pad(tables[b"head"])) + 8
    struct.pack_into(">I", whole, place, (0xB1B0AFBA - checksum(bytes(whole))) & 0xFFFFFFFF)
    return bytes(whole)


def checksum(data: bytes) -> int:
    """The sum of the big-endian words."""
    padded = pad(data)
    return sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF


def pad(data: bytes) -> bytes:
    """`data`, filled up to four bytes."""
    return data + bytes(-len(data) % 4)
