// Command golden writes what Go's client/llb makes of a collection of graphs, one file under data for each. The Rust
// crate buildkit-llb builds the same graphs in its tests and must arrive at the same bytes.
//
// Run it in its own directory: go run .
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"

	"github.com/moby/buildkit/client/llb"
)

const dataDir = "data"

// graphs are all collected graphs by name. Each name is a file under data and a function of the Rust test.
type graphs map[string]llb.State

func main() {
	log.SetFlags(0)
	all := graphs{}
	for _, group := range []graphs{sources(), gits(), execs(), mounts(), files(), copies(), combined(), described(), pipelines()} {
		for name, state := range group {
			if _, ok := all[name]; ok {
				log.Fatalf("two graphs are named %q", name)
			}
			all[name] = state
		}
	}
	if err := write(all); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("wrote %d graphs to %s\n", len(all), dataDir)
}

// write replaces the content of the data directory.
func write(all graphs) error {
	if err := os.RemoveAll(dataDir); err != nil {
		return err
	}
	if err := os.MkdirAll(dataDir, 0o755); err != nil {
		return err
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		def, err := all[name].Marshal(context.Background(), llb.LinuxAmd64)
		if err != nil {
			return fmt.Errorf("marshal %s: %w", name, err)
		}
		text, err := render(def)
		if err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dataDir, name+".json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
