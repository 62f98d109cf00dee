package main

import (
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
)

var someTime = llb.WithCreatedTime(time.Unix(1700000000, 5))

func files() graphs {
	base := alpine()
	return graphs{
		"mkdir":         base.File(llb.Mkdir("/a", 0o755)),
		"mkdir-options": base.File(llb.Mkdir("a/../b/./c/", 0o700, llb.WithParents(true), llb.WithUIDGID(0, 1000), someTime)),
		"mkdir-epoch":   llb.Scratch().File(llb.Mkdir("/a", 0o755, llb.WithCreatedTime(time.Unix(0, 0)))),

		"mkfile":         llb.Scratch().File(llb.Mkfile("/a", 0o644, []byte("hello\n"))),
		"mkfile-empty":   llb.Scratch().File(llb.Mkfile("/a", 0, nil)),
		"mkfile-binary":  llb.Scratch().File(llb.Mkfile("/a", 0o600, []byte{0, 0xff, 0x80, '\n'})),
		"mkfile-long":    llb.Scratch().File(llb.Mkfile("/a", 0o644, []byte(strings.Repeat("x", 300)))),
		"mkfile-options": base.File(llb.Mkfile("etc/a", 0o777, []byte("x"), llb.WithUser("app:staff"), someTime)),

		"symlink":         base.File(llb.Symlink("../lib", "/usr/lib64")),
		"symlink-options": base.File(llb.Symlink("a", "b", llb.WithUser("root"), someTime)),

		"rm":         base.File(llb.Rm("/a")),
		"rm-options": base.File(llb.Rm("/tmp/*", llb.WithAllowNotFound(true), llb.WithAllowWildcard(true))),

		"owner-user":    base.File(llb.Mkdir("/a", 0o755, llb.WithUser("1000"))),
		"owner-mixed":   base.File(llb.Mkdir("/a", 0o755, llb.WithUser("app:0"))),
		"owner-scratch": llb.Scratch().File(llb.Mkdir("/a", 0o755, llb.WithUser("app"))),

		"file-chain": base.File(llb.Mkdir("/a", 0o755).Mkfile("/a/b", 0o644, []byte("b")).Symlink("b", "/a/c").Rm("/a/b")),
		"file-ops":   base.File(llb.Mkdir("/a", 0o755)).File(llb.Mkfile("/a/b", 0o644, []byte("b"))),
	}
}

func copies() graphs {
	base, ctx, tool := alpine(), clientContext(), llb.Image("tool")
	return graphs{
		"copy":              base.File(llb.Copy(ctx, "/src", "/app")),
		"copy-from-scratch": base.File(llb.Copy(llb.Scratch(), "/", "/app")),
		"copy-to-scratch":   llb.Scratch().File(llb.Copy(ctx, "src", "app/")),
		"copy-within":       base.File(llb.Copy(base, "/etc/hosts", "/hosts")),
		"copy-dest-slash":   base.File(llb.Copy(ctx, "./src/", "/app/")),
		"copy-dest-dot":     base.File(llb.Copy(ctx, "/src/.", "/app/.")),
		"copy-dest-root":    base.File(llb.Copy(ctx, ".", "/").Copy(ctx, "/", "/.").Copy(ctx, "/", "./")),
		"copy-mode":         base.File(llb.Copy(ctx, "/a", "/b", llb.ChmodOpt{Mode: 0o640})),
		"copy-mode-zero":    base.File(llb.Copy(ctx, "/a", "/b", llb.ChmodOpt{})),
		"copy-mode-text":    base.File(llb.Copy(ctx, "/a", "/b", llb.ChmodOpt{ModeStr: "u=rwX,go=rX"})),
		"copy-options": base.File(llb.Copy(ctx, "/src/*", "/app/", &llb.CopyInfo{
			FollowSymlinks:                 true,
			CopyDirContentsOnly:            true,
			IncludePatterns:                []string{"**/*.py", "*.toml"},
			ExcludePatterns:                []string{"tests"},
			RequiredPaths:                  []string{"pyproject.toml"},
			AttemptUnpack:                  true,
			CreateDestPath:                 true,
			AllowWildcard:                  true,
			AllowEmptyWildcard:             true,
			AlwaysReplaceExistingDestPaths: true,
		}, llb.WithUser("app:staff"), someTime)),
		"copy-many": base.File(llb.Copy(ctx, "/a", "/a").Copy(tool, "/b", "/b").Copy(ctx, "/c", "/c").Copy(base, "/d", "/d").
			Mkdir("/e", 0o755, llb.WithUser("app"))),
		"copy-after-mkdir": llb.Scratch().File(llb.Mkdir("/a", 0o755).Copy(tool, "/b", "/a/b").Copy(ctx, "/c", "/a/c")),
	}
}
