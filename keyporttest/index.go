package keyporttest

import (
	"bytes"
	"encoding/binary"
	"strings"
)

const (
	// windowSize is how many bytes of a text are looked up at a time. No pattern is shorter.
	windowSize = 8
	// maxPattern is how much of an encoded secret is looked for: its end, where tokens
	// have their signature and no two are alike.
	maxPattern = 64
	filterBits = 22
)

// index finds many patterns in one pass over a text. Of each pattern it knows one
// window of eight bytes. A window of the text that is in the filter and in the map
// leads to the few patterns that may be there.
type index struct {
	filter   []uint64 // a bit for each window, by hash
	patterns map[uint64][]pattern
}

// pattern is how one encoding of a secret ends.
type pattern struct {
	text   string
	window int // where in text
	value  string
}

// add makes the index find a value in each of its encodings.
func (x *index) add(value string) {
	if x.patterns == nil {
		x.filter, x.patterns = make([]uint64, 1<<filterBits/64), map[uint64][]pattern{}
	}
	for _, encoded := range encodings(endOf(value)) {
		if encoded == "" {
			continue
		}
		p := pattern{text: string([]byte(encoded[max(0, len(encoded)-maxPattern):])), value: value}
		key := x.rarest(&p)
		h := hash(key)
		x.filter[h/64] |= 1 << (h % 64)
		x.patterns[key] = append(x.patterns[key], p)
	}
}

// endOf is as much of a value as its patterns depend on, and more by a rune, within
// which it may begin.
func endOf(value string) string {
	const enough = maxPattern + 8
	return value[max(0, len(value)-enough):]
}

// rarest chooses the window of a pattern: the one, of three, that it shares with the
// fewest others.
func (x *index) rarest(p *pattern) uint64 {
	last := len(p.text) - windowSize
	p.window = last
	for _, at := range []int{last / 2, 0} {
		if len(x.patterns[keyAt(p.text, at)]) < len(x.patterns[keyAt(p.text, p.window)]) {
			p.window = at
		}
	}
	return keyAt(p.text, p.window)
}

func keyAt(text string, at int) uint64 {
	return binary.LittleEndian.Uint64([]byte(text[at : at+windowSize]))
}

func hash(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

// find calls found for each place where text holds a pattern.
func (x *index) find(text []byte, found func(finding)) {
	if x.patterns == nil {
		return
	}
	for i := 0; i+windowSize <= len(text); i++ {
		key := binary.LittleEndian.Uint64(text[i:])
		if h := hash(key); x.filter[h/64]&(1<<(h%64)) == 0 {
			continue
		}
		for _, p := range x.patterns[key] {
			if start := i - p.window; start >= 0 && bytes.HasPrefix(text[start:], []byte(p.text)) {
				found(finding{value: p.value, start: p.beginning(text, start), end: start + len(p.text)})
			}
		}
	}
}

// beginning is where the encoded secret begins whose end was found at a place, or
// that part of it that is there. Encodings may end alike and begin differently.
func (p pattern) beginning(text []byte, at int) int {
	first := at
	for _, whole := range encodings(p.value) {
		rest, ok := strings.CutSuffix(whole, p.text)
		if !ok {
			continue
		}
		here := at
		for here > 0 && rest != "" && text[here-1] == rest[len(rest)-1] {
			here, rest = here-1, rest[:len(rest)-1]
		}
		first = min(first, here)
	}
	return first
}
