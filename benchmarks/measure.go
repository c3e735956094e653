package main

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// sample is one measurement of one contender.
type sample struct {
	nanoseconds float64 // for one operation, of all goroutines together
	allocations float64
	bytes       float64
}

// measure runs op in the given number of goroutines for about d. Each goroutine
// hands op a running number.
func measure(d time.Duration, goroutines int, op func(i int)) sample {
	const batch = 64
	var before, after runtime.MemStats
	var all sync.WaitGroup
	counts := make([]int, goroutines*16) // one cache line apart
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	for g := range goroutines {
		all.Go(func() {
			i := g * 1_000_003
			for time.Since(begin) < d {
				for range batch {
					op(i)
					i++
				}
				counts[g*16] += batch
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	n := 0
	for _, c := range counts {
		n += c
	}
	return sample{
		nanoseconds: float64(took.Nanoseconds()) / float64(n),
		allocations: float64(after.Mallocs-before.Mallocs) / float64(n),
		bytes:       float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}
}

// median returns the sample of the middle time.
func median(samples []sample) sample {
	slices.SortFunc(samples, func(a, b sample) int {
		switch {
		case a.nanoseconds < b.nanoseconds:
			return -1
		case a.nanoseconds > b.nanoseconds:
			return 1
		}
		return 0
	})
	return samples[len(samples)/2]
}
