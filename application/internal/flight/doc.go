// Package flight shares one piece of work among all who ask for it at a time.
//
// It differs from x/sync/singleflight in what happens when callers give up. A
// waiter whose context ends leaves alone, and a leader that is cancelled poisons
// nobody, because the work has a context of its own. Ordinary work stops when its
// last waiter has left; detached work (what a server remembers, such as the
// redemption of a refresh token) goes on to its own deadline. And a caller that
// looked into a cache just before another's work ended is told to look again.
package flight
