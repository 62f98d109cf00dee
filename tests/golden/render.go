package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// golden is the content of one file.
type golden struct {
	// Digests are those of the operations, inputs before their users; the last one only names the output.
	Digests []digest.Digest `json:"digests"`
	// Definition is the whole definition with its maps in the order of their keys.
	Definition string `json:"definition"`
	// Decoded is the same for people; no test reads it.
	Decoded decoded `json:"decoded"`
}

type decoded struct {
	Ops      []json.RawMessage          `json:"ops"`
	Metadata map[string]json.RawMessage `json:"metadata"`
	Source   json.RawMessage            `json:"source,omitempty"`
}

func render(def *llb.Definition) ([]byte, error) {
	whole := def.ToPB()
	dt, err := proto.MarshalOptions{Deterministic: true}.Marshal(whole)
	if err != nil {
		return nil, err
	}
	g := golden{
		Digests:    []digest.Digest{},
		Definition: hex.EncodeToString(dt),
		Decoded:    decoded{Ops: []json.RawMessage{}, Metadata: map[string]json.RawMessage{}},
	}
	for _, dt := range whole.Def {
		g.Digests = append(g.Digests, digest.FromBytes(dt))
		var op pb.Op
		if err := op.Unmarshal(dt); err != nil {
			return nil, err
		}
		text, err := readable(&op)
		if err != nil {
			return nil, err
		}
		g.Decoded.Ops = append(g.Decoded.Ops, text)
	}
	for dgst, md := range whole.Metadata {
		if g.Decoded.Metadata[dgst], err = readable(md); err != nil {
			return nil, err
		}
	}
	if whole.Source != nil {
		if g.Decoded.Source, err = readable(whole.Source); err != nil {
			return nil, err
		}
	}
	text, err := json.MarshalIndent(g, "", " ")
	return append(text, '\n'), err
}

// readable is protojson without the white space that it varies on purpose.
func readable(m proto.Message) (json.RawMessage, error) {
	text, err := protojson.Marshal(m)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	err = json.Compact(&compact, text)
	return compact.Bytes(), err
}
