package main

import (
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

func lines(first, last int32) []*pb.Range {
	return []*pb.Range{{Start: &pb.Position{Line: first}, End: &pb.Position{Line: last}}}
}

func described() graphs {
	run := func(opts ...llb.RunOption) llb.State {
		return alpine().Run(append([]llb.RunOption{sh("true")}, opts...)...).Root()
	}
	yaml := llb.NewSourceMap(nil, "layercake.yaml", "YAML", []byte("stages:\n  a: {}\n"))
	again := llb.NewSourceMap(nil, "layercake.yaml", "YAML", []byte("stages:\n  a: {}\n"))
	other := llb.NewSourceMap(nil, "other.yaml", "YAML", nil)
	from := clientContext()
	read := llb.NewSourceMap(&from, "layercake.yaml", "YAML", []byte("x"))
	exact := []*pb.Range{
		{Start: &pb.Position{Line: 2, Character: 4}, End: &pb.Position{Line: 2, Character: 9}},
		{Start: &pb.Position{Line: 7}, End: &pb.Position{Line: 9, Character: 1}},
	}
	twice := func(opts ...llb.RunOption) llb.State {
		return alpine().Run(append([]llb.RunOption{sh("same")}, opts...)...).Root()
	}
	return graphs{
		"named":              run(llb.WithCustomName("run the tests")),
		"described":          run(llb.WithDescription(map[string]string{"z": "1", "a": "2", "empty": ""})),
		"ignore-cache":       run(llb.IgnoreCache),
		"export-cache":       run(llb.WithExportCache()),
		"no-export-cache":    run(llb.WithoutExportCache()),
		"progress-group":     run(llb.ProgressGroup("id", "group", false)),
		"progress-group-own": run(llb.ProgressGroup("id", "group", true)),
		"worker-filter":      run(llb.Require("label.gpu==yes", "id~=^a")),
		"described-sources": llb.Merge([]llb.State{
			alpine(llb.WithCustomName("image")), clientContext(llb.WithCustomName("local")),
			llb.HTTP("https://example.com/a", llb.WithCustomName("http")),
			llb.Git("https://example.com/a", "", llb.WithCustomName("git")),
			llb.OCILayout("a@"+someDigest, llb.WithCustomName("oci")),
			llb.Diff(alpine(), alpine().File(llb.Mkdir("/a", 0o755), llb.WithCustomName("file")), llb.WithCustomName("diff")),
		}, llb.WithCustomName("merge")),
		"described-twice": llb.Merge([]llb.State{
			twice(llb.WithDescription(map[string]string{"a": "1", "b": "1"}), llb.ProgressGroup("1", "one", false)),
			twice(llb.WithDescription(map[string]string{"b": "2", "c": "2"}), llb.IgnoreCache, llb.WithoutExportCache()),
		}),
		"located":           run(yaml.Location(lines(1, 2))),
		"located-exactly":   run(yaml.Location(exact)),
		"located-two-files": alpine(other.Location(lines(3, 3))).Run(sh("x"), yaml.Location(lines(1, 1)), other.Location(lines(2, 2))).Root(),
		"located-one-file":  alpine(yaml.Location(lines(1, 1))).Run(sh("x"), again.Location(lines(2, 2))).Root(),
		"located-nowhere":   run(yaml.Location(nil)),
		"located-twice":     llb.Merge([]llb.State{twice(yaml.Location(lines(1, 1))), twice(other.Location(lines(2, 2)))}),
		"located-read-from": run(read.Location(lines(1, 1))),
	}
}
