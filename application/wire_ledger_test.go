package application_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// reasonLedger keeps the count of what the tables explained.
type reasonLedger struct{ used map[string]bool }

func newReasonLedger() *reasonLedger { return &reasonLedger{map[string]bool{}} }

// excuses reports whether a recording need not be compared.
func (l *reasonLedger) excuses(r recording) bool {
	for i, n := range notCompared {
		if l.match(fmt.Sprint("notCompared ", i), []string{n.peers, n.flows}, []string{r.Peer, r.Flow}) {
			return true
		}
	}
	return false
}

// explain reports whether the table has the difference.
func (l *reasonLedger) explain(r recording, d difference) bool {
	for i, row := range differences {
		if matchesValue(row.ours, d.ours) && matchesValue(row.theirs, d.theirs) &&
			l.match(fmt.Sprint("differences ", i), []string{row.peers, row.flows, row.fact}, []string{r.Peer, r.Flow, d.fact}) {
			return true
		}
	}
	return false
}

func matchesValue(pattern, got string) bool {
	return pattern == got || pattern == anything && got != ""
}

// match matches patterns and marks the alternatives that did.
func (l *reasonLedger) match(id string, patterns, values []string) bool {
	var used []string
	for i, p := range patterns {
		alternatives := strings.Split(p, "|")
		hit := slices.IndexFunc(alternatives, func(a string) bool {
			ok, err := path.Match(a, values[i])
			return ok && err == nil
		})
		if hit < 0 {
			return false
		}
		used = append(used, id+" "+alternatives[hit])
	}
	for _, u := range used {
		l.used[u] = true
	}
	return true
}

// unused lists the alternatives that matched nothing.
func (l *reasonLedger) unused() []string {
	var all []string
	note := func(id string, patterns ...string) {
		for _, p := range patterns {
			for a := range strings.SplitSeq(p, "|") {
				if !l.used[id+" "+a] {
					all = append(all, fmt.Sprintf("%s: %q in %q", id, a, patterns))
				}
			}
		}
	}
	for i, n := range notCompared {
		note(fmt.Sprint("notCompared ", i), n.peers, n.flows)
	}
	for i, r := range differences {
		note(fmt.Sprint("differences ", i), r.peers, r.flows, r.fact)
	}
	return all
}
