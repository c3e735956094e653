package keyporttest

import (
	"bytes"
	"cmp"
	"sync"
)

const (
	// maxCapture is how much output is held before it is scanned and let go of.
	maxCapture = 32 << 20
	// overlap is how much of it is held longer, so that no encoded secret is cut in two
	// that is shorter.
	overlap = 64 << 10
	// maxPrefix is how much of a line is told.
	maxPrefix = 60
)

// leak is a secret in the output, without its value.
type leak struct {
	kind   string
	stream string
	line   int // from 1
	prefix string
}

// capture holds what a stream wrote, and scans it.
type capture struct {
	stream string
	limit  int // of what is held; 0 for maxCapture

	mu      sync.Mutex // guards what follows
	text    []byte
	lines   int  // before text
	midLine bool // text does not begin with a line
	leaks   []leak
}

// Write implements [io.Writer].
func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, p...)
	if len(c.text) >= cmp.Or(c.limit, maxCapture) {
		end := len(c.text) - overlap
		if newline := bytes.LastIndexByte(c.text[:end], '\n'); newline >= 0 {
			end = newline + 1
		}
		c.scan(end)
	}
	return len(p), nil
}

// finish returns every leak.
func (c *capture) finish() []leak {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scan(len(c.text))
	return c.leaks
}

// scan reports the secrets that begin before end, and lets go of the text up to there.
func (c *capture) scan(end int) {
	line, at := c.lines+1, 0
	known := !c.midLine // how the line begins
	prefix, told := "", map[string]bool{}
	for i, f := range secrets.find(c.text) {
		if f.start >= end {
			break
		}
		breaks := bytes.Count(c.text[at:f.start], []byte{'\n'})
		if line, at = line+breaks, f.start; breaks > 0 || i == 0 {
			known = known || breaks > 0
			prefix, told = "", map[string]bool{}
			if known { // up to the first secret in the line
				prefix = beginningOf(c.text[:f.start])
			}
		}
		if !told[f.kind] {
			told[f.kind] = true
			c.leaks = append(c.leaks, leak{kind: f.kind, stream: c.stream, line: line, prefix: prefix})
		}
	}
	c.lines += bytes.Count(c.text[:end], []byte{'\n'})
	c.midLine = end > 0 && c.text[end-1] != '\n' || end == 0 && c.midLine
	c.text = append([]byte(nil), c.text[end:]...)
}

// beginningOf is how the last line of a text begins.
func beginningOf(text []byte) string {
	line := text[bytes.LastIndexByte(text, '\n')+1:]
	return string(line[:min(len(line), maxPrefix)])
}
