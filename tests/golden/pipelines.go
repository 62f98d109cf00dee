package main

import (
	"fmt"

	"github.com/moby/buildkit/client/llb"
)

func pipelines() graphs {
	return graphs{
		"pipeline-conda":   conda(),
		"pipeline-wheels":  wheels(),
		"pipeline-fan-in":  fanIn(),
		"pipeline-diamond": diamond(),
	}
}

// conda is a large environment under a prefix, merged onto a base that it does not depend on.
func conda() llb.State {
	spec := llb.Scratch().File(llb.Mkfile("/packages.yaml", 0o644, []byte("dependencies: [python=3.11]\n")))
	prefix := llb.Scratch().File(llb.Mkdir("/opt/conda", 0o755, llb.WithParents(true)))
	env := llb.Image("mambaorg/micromamba:1.5.8").AddEnv("HOME", "/root").Run(
		llb.Args([]string{"micromamba", "install", "-y", "-f", "/spec/packages.yaml"}),
		llb.ReadonlyRootFS(),
		llb.AddMount("/spec", spec, llb.Readonly),
		llb.AddMount("/var/cache/conda", llb.Scratch(), llb.AsPersistentCacheDir("conda", llb.CacheMountLocked)),
		llb.AddMount("/root", llb.Scratch(), llb.Tmpfs()),
		llb.AddMount("/tmp", llb.Scratch(), llb.Tmpfs()),
	).AddMount("/opt/conda", prefix, llb.SourcePath("/opt/conda"))
	return llb.Merge([]llb.State{llb.Image("python:3.11-slim"), env})
}

// wheels builds one library once and installs it into two services.
func wheels() llb.State {
	ctx := clientContext(llb.FollowPaths([]string{"common", "one", "two"}))
	build := func(name string, deps ...llb.State) llb.State {
		src := llb.Scratch().File(llb.Copy(ctx, "/"+name, "/src", llb.ChmodOpt{ModeStr: "u=rwX,go=rX"}))
		opts := []llb.RunOption{sh("pip wheel /src"), llb.AddMount("/src", src, llb.Readonly)}
		for i, dep := range deps {
			opts = append(opts, llb.AddMount(fmt.Sprintf("/deps/%d", i), dep, llb.Readonly))
		}
		return llb.Image("python:3.11-slim").Run(opts...).AddMount("/out", llb.Scratch())
	}
	common := build("common")
	return llb.Merge([]llb.State{build("one", common), build("two", common)})
}

// fanIn has many sources in one operation, more than any order by accident would keep.
func fanIn() llb.State {
	opts := []llb.RunOption{sh("link")}
	for i := range 30 {
		pkg := llb.HTTP(fmt.Sprintf("https://example.com/%d.conda", i), llb.Checksum(someDigest), llb.Filename(fmt.Sprintf("%d.conda", i)))
		opts = append(opts, llb.AddMount(fmt.Sprintf("/packages/%d", i), pkg, llb.Readonly))
	}
	return alpine().Run(opts...).Root()
}

// diamond reaches one vertex by several ways.
func diamond() llb.State {
	base := alpine()
	left, right := base.Run(sh("left")).Root(), base.Run(sh("right")).Root()
	both := left.File(llb.Copy(right, "/r", "/r").Copy(base, "/b", "/b"))
	return llb.Merge([]llb.State{right, both, left}).Run(sh("end"), llb.AddMount("/left", left, llb.Readonly)).Root()
}
