package keyporttest

import (
	"io"
	"time"
)

// What the tests outside the package look into.
const (
	MaxPassing = maxPassing
	MaxCapture = maxCapture
)

// Registry is one of a test's own.
type Registry struct{ registry }

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
