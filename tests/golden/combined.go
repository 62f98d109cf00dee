package main

import "github.com/moby/buildkit/client/llb"

func combined() graphs {
	base, tool, ctx := alpine(), llb.Image("tool"), clientContext()
	installed := base.Run(sh("install")).Root()
	arm := alpine(llb.LinuxArm64)
	return graphs{
		"scratch":           llb.Scratch(),
		"merge":             llb.Merge([]llb.State{base, tool, ctx}),
		"merge-scratch":     llb.Merge([]llb.State{llb.Scratch(), base, llb.Scratch(), tool}),
		"merge-one":         llb.Merge([]llb.State{llb.Scratch(), base}),
		"merge-none":        llb.Merge([]llb.State{llb.Scratch(), llb.Scratch()}),
		"merge-same":        llb.Merge([]llb.State{base, base}),
		"merge-run":         llb.Merge([]llb.State{arm, ctx}).Run(sh("true")).Root(),
		"diff":              llb.Diff(base, installed),
		"diff-from-scratch": llb.Diff(llb.Scratch(), installed),
		"diff-to-scratch":   llb.Diff(base, llb.Scratch()),
		"diff-nothing":      llb.Diff(llb.Scratch(), llb.Scratch()),
		"diff-same":         llb.Diff(base, base),
		"diff-run":          llb.Diff(arm, ctx).Run(sh("true")).Root(),
		"merge-diffs": llb.Merge([]llb.State{
			base, llb.Diff(base, installed), llb.Diff(base, base.Run(sh("other")).Root()),
		}),
	}
}
