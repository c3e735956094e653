// Command benchmarks measures the library side by side with what it must not be
// slower than: a Go map read under a read lock, which is the physical limit of a
// cache, MSAL for Go, and a map of x/oauth2 token sources.
//
// Machines are noisy, so nothing here is an absolute figure. All contenders of a
// row are measured in turn, round after round, in one process; the table shows
// medians and the ratios between them.
//
//	make bench                              the whole table (some minutes)
//	go run . -rounds 1 -time 20ms -max 1000 a quick look
package main
