package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// starts compares programs from their start to the first token, which they find in a file. They
// are programs of their own (folder start), so that each links only what it needs.
func starts() {
	if !begins("Start of a program to its first token from a file of N tokens") {
		return
	}
	folder, remove := newFolder()
	defer remove()
	for _, name := range []string{"nothing", "keyport", "msal"} {
		build := exec.CommandContext(context.Background(), "go", "build", "-o", filepath.Join(folder, name), "./start/"+name)
		if output, err := build.CombinedOutput(); err != nil {
			panic(fmt.Sprintf("%v\n%s", err, output))
		}
	}
	w := table("N", "a program that does nothing", "Keyport", "MSAL Go", "Keyport / nothing", "Keyport / MSAL Go")
	for _, n := range []int{1, 1000} {
		list := tenants(n)
		path := tokenFile(folder, list)
		nothing, ours, theirs := startsOf(folder, path, list[n-1])
		row(w, fmt.Sprint(n), ns(nothing), ns(ours), ns(theirs),
			fmt.Sprintf("%.2f", ours.nanoseconds/nothing.nanoseconds), fmt.Sprintf("%.2f", ours.nanoseconds/theirs.nanoseconds))
	}
	_ = w.Flush()
}

// startsOf runs the programs in turn. The first turn, in which they come from the disk, does not count.
func startsOf(folder, path, tenant string) (nothing, ours, theirs sample) {
	samples := map[string][]sample{}
	for turn := range 1 + 5**rounds {
		for _, name := range []string{"nothing", "keyport", "msal"} {
			program := exec.CommandContext(context.Background(), filepath.Join(folder, name), path, tenant)
			begin := time.Now()
			output, err := program.CombinedOutput()
			took := time.Since(begin)
			if err != nil {
				panic(fmt.Sprintf("%s: %v\n%s", name, err, output))
			}
			if turn > 0 {
				samples[name] = append(samples[name], sample{nanoseconds: float64(took.Nanoseconds())})
			}
		}
	}
	return median(samples["nothing"]), median(samples["keyport"]), median(samples["msal"])
}
