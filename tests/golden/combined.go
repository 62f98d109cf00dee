package main

import (
	"context"
	"log"

	"github.com/moby/buildkit/client/llb"
)

// imported is a state that went over the wire once.
func imported(state llb.State) llb.State {
	def, err := state.Marshal(context.Background(), llb.LinuxAmd64)
	if err != nil {
		log.Fatal(err)
	}
	op, err := llb.NewDefinitionOp(def.ToPB())
	if err != nil {
		log.Fatal(err)
	}
	return llb.NewState(op.Output())
}

func combined() graphs {
	base, tool, ctx := alpine(), llb.Image("tool"), clientContext()
	installed := base.Run(sh("install")).Root()
	arm := alpine(llb.LinuxArm64)
	yaml := llb.NewSourceMap(nil, "layercake.yaml", "YAML", []byte("stages:\n"))
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
		"imported":          imported(installed),
		"imported-inherit":  imported(arm).Run(sh("true")).Root(),
		"imported-scratch":  imported(llb.Scratch()),
		"imported-mixed": llb.Merge([]llb.State{
			base.Run(sh("first"), llb.WithCustomName("kept")).Root(),
			imported(base.Run(sh("install"), llb.WithCustomName("imported"), yaml.Location(lines(1, 2)),
				llb.AddMount("/src", ctx, llb.Readonly)).Root()),
		}),
		"merge-diffs": llb.Merge([]llb.State{
			base, llb.Diff(base, installed), llb.Diff(base, base.Run(sh("other")).Root()),
		}),
	}
}
