package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seed57855a68/keyport"
)

var (
	rounds  = flag.Int("rounds", 7, "measurements of each contender; the median counts")
	perRun  = flag.Duration("time", 200*time.Millisecond, "length of one measurement")
	largest = flag.Int("max", 1_000_000, "the largest number of tokens")
	only    = flag.String("only", "", "measure the tables with this in their titles")
)

// msalLargest is where MSAL for Go takes 200 µs a hit and minutes to fill.
const msalLargest = 10_000

func main() {
	flag.Parse()
	fmt.Printf("%s, %d processors, %d rounds of %v, medians\n", runtime.Version(), runtime.GOMAXPROCS(0), *rounds, *perRun)
	if runtime.GOMAXPROCS(0) < 2 {
		fmt.Fprintln(os.Stderr, "scaling needs two processors")
	}
	hits("Cached token, one resource in N tenants", tenants, keyportTenants, msalTenants, []int{1, 1000, 10_000, 100_000, 1_000_000})
	hits("Cached token, N resources in one tenant", resources, keyportResources, msalResources, []int{1, 1000, 10_000, 100_000})
	hits("Cached token of a user, N users in one cache, the account given", users, keyportUsers, msalUsers, []int{1, 1000, 10_000})
	scaling()
	filling()
	fileHits()
	fileChanges()
	starts()
}

// begins writes the title of a table, if it is wanted.
func begins(title string) bool {
	wanted := strings.Contains(title, *only)
	if wanted {
		fmt.Printf("\n%s\n", title)
	}
	return wanted
}

type maker func(names []string) subject

// hits compares cached acquires at growing numbers of tokens.
func hits(title string, names func(int) []string, ours, msal maker, sizes []int) {
	if !begins(title) {
		return
	}
	w := table("N", "map under RLock", "Keyport", "allocs", "ratio to the map", "x/oauth2 map", "MSAL Go", "MSAL Go / Keyport")
	for _, n := range sizes {
		if n > *largest {
			continue
		}
		list := names(n)
		subjects := []subject{limit(list), ours(list), oauth2Map(list)}
		if n <= msalLargest {
			subjects = append(subjects, msal(list))
		}
		m := compare(subjects, 1)
		theirs, factor := "", ""
		if len(m) > 3 {
			theirs, factor = ns(m[3]), fmt.Sprintf("%.0f x", m[3].nanoseconds/m[1].nanoseconds)
		}
		row(w, fmt.Sprint(n), ns(m[0]), ns(m[1]), fmt.Sprintf("%.1f", m[1].allocations),
			fmt.Sprintf("%.1f", m[1].nanoseconds/m[0].nanoseconds), ns(m[2]), theirs, factor)
	}
	_ = w.Flush()
}

// compare measures the subjects in turn, round after round.
func compare(subjects []subject, goroutines int) []sample {
	samples := make([][]sample, len(subjects))
	for range *rounds {
		for i, s := range subjects {
			samples[i] = append(samples[i], measure(*perRun, goroutines, s.op))
		}
	}
	medians := make([]sample, len(subjects))
	for i := range samples {
		medians[i] = median(samples[i])
	}
	return medians
}

// scaling compares the throughput of one goroutine with that of more.
func scaling() {
	if !begins("Throughput of cached acquires, by goroutines (million a second; factor over one goroutine)") {
		return
	}
	w := table("tokens", "contender", "1", "2", "64", "2 / 1", "64 / 2")
	for _, n := range []int{1, 1000} {
		list := tenants(n)
		for _, s := range []subject{limit(list), keyportTenants(list)} {
			one, two, many := interleaved(s.op)
			row(w, fmt.Sprint(n), s.name, millions(one), millions(two), millions(many),
				fmt.Sprintf("%.2f", one.nanoseconds/two.nanoseconds), fmt.Sprintf("%.2f", two.nanoseconds/many.nanoseconds))
		}
	}
	_ = w.Flush()
}

func interleaved(op func(int)) (one, two, many sample) {
	var a, b, c []sample
	for range *rounds {
		a = append(a, measure(*perRun, 1, op))
		b = append(b, measure(*perRun, 2, op))
		c = append(c, measure(*perRun, 64, op))
	}
	return median(a), median(b), median(c)
}

// filling shows that a token costs the same to store whether it is the first or
// the hundred thousandth.
func filling() {
	if !begins("Uncached acquire, stub server in the process: time for one token") {
		return
	}
	w := table("tokens in the cache already", "Keyport, tenants", "Keyport, resources")
	for _, n := range []int{0, 10_000, 100_000} {
		if n > *largest {
			continue
		}
		row(w, fmt.Sprint(n), fill(tenants(n+more), byTenant), fill(resources(n+more), byResource))
	}
	_ = w.Flush()
}

// more is how many tokens are timed once the cache is filled.
const more = 5000

// fill stores all but the last tokens of the list and times those.
func fill(list []string, by func(*keyport.ConfidentialClient) func(string)) string {
	samples := make([]sample, *rounds)
	for r := range samples {
		acquire, n := by(newKeyport(len(list))), len(list)-more
		for _, name := range list[:n] {
			acquire(name)
		}
		samples[r] = timeOf(list[n:], acquire)
	}
	return ns(median(samples))
}

func timeOf(list []string, acquire func(string)) sample {
	runtime.GC()
	begin := time.Now()
	for _, name := range list {
		acquire(name)
	}
	return sample{nanoseconds: float64(time.Since(begin).Nanoseconds()) / float64(len(list))}
}

func table(heads ...string) *tabwriter.Writer {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight|tabwriter.Debug)
	row(w, heads...)
	return w
}

func row(w *tabwriter.Writer, cells ...string) {
	for _, c := range cells {
		_, _ = fmt.Fprintf(w, " %s\t", c)
	}
	_, _ = fmt.Fprintln(w)
}

func ns(s sample) string {
	if s.nanoseconds >= 10_000 {
		return fmt.Sprintf("%.1f µs", s.nanoseconds/1000)
	}
	return fmt.Sprintf("%.0f ns", s.nanoseconds)
}

func millions(s sample) string { return fmt.Sprintf("%.1f", 1000/s.nanoseconds) }
