package keyporttest

import (
	"io"
	"time"
)

// Registry is one of a test's own.
type Registry struct{ registry }

// Limit has it look for fewer tokens.
func (r *Registry) Limit(n int) { r.limit = n }

// Find returns the kinds that text shows, in order.
func (r *Registry) Find(text string) []string {
	var kinds []string
	for _, f := range r.find([]byte(text)) {
		kinds = append(kinds, f.kind)
	}
	return kinds
}

// Learn registers a secret.
func (r *Registry) Learn(kind, value string) { r.learn(kind, value) }

// Places returns where text shows secrets, from beginning to end.
func (r *Registry) Places(text string) []string {
	var places []string
	for _, f := range r.find([]byte(text)) {
		places = append(places, text[f.start:f.end])
	}
	return places
}

// Capture is a stream's.
type Capture struct{ capture }

// Limit has it hold less.
func (c *Capture) Limit(n int) { c.limit = n }

// Told returns the report about what was written.
func (c *Capture) Told(w io.Writer) { tell(w, c.finish()) }

// SetPatience changes how long ScanOutput waits, and returns a function that
// changes it back.
func SetPatience(d time.Duration) (restore func()) {
	old := patience
	patience = d
	return func() { patience = old }
}

// SetExecutable changes what ScanOutput starts as a forwarder, and returns a function
// that changes it back.
func SetExecutable(f func() (string, error)) (restore func()) {
	old := executable
	executable = f
	return func() { executable = old }
}

// Pump copies a stream twice.
func Pump(from io.Reader, to, copyTo io.Writer) { pump(from, to, copyTo) }
