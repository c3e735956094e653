package redirectloopback

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/url"
)

// maxEarly bounds the answers that are kept before Receive says which one is right.
// When one comes too many, the oldest goes, so that whoever wants to push the right
// one out must go on sending, and not just be first.
const maxEarly = 16

// answer is a request that may be the answer of the sign-in.
type answer struct {
	values url.Values
	state  digest
	page   chan page // what the browser gets to see; sent once
}

func newAnswer(values url.Values) *answer {
	return &answer{values: values, state: digestOf(values.Get("state")), page: make(chan page, 1)}
}

// digest stands for a state: all are of one length, and how far two are alike says
// nothing of how far the states are.
type digest [sha256.Size]byte

func digestOf(state string) digest { return sha256.Sum256([]byte(state)) }

func (a *answer) isFor(state digest) bool {
	return subtle.ConstantTimeCompare(a.state[:], state[:]) == 1
}

// desk is where answers and the one who waits for them meet.
type desk struct {
	early   []*answer // what came while nobody waited
	waiting *waiter
	over    bool // the answer was handed out
}

type waiter struct {
	state digest
	got   chan *answer // sent once
}

// hand takes an answer in.
func (d *desk) hand(a *answer) {
	switch {
	case d.over:
		a.page <- overPage
	case d.waiting == nil:
		d.early = append(d.early, a)
		if len(d.early) > maxEarly {
			d.early[0].page <- strayPage
			d.early = d.early[1:]
		}
	case a.isFor(d.waiting.state):
		d.waiting.got <- a
		d.waiting, d.over = nil, true
	default:
		a.page <- strayPage
	}
}

// wait announces for which state the program waits. The answer may be there already.
func (d *desk) wait(state digest) *waiter {
	d.waiting = &waiter{state: state, got: make(chan *answer, 1)}
	w, early := d.waiting, d.early
	d.early = nil
	for _, a := range early {
		d.hand(a)
	}
	return w
}

// leave ends a wait, unless the answer came first.
func (d *desk) leave(w *waiter) (left bool) {
	if d.waiting != w {
		return false
	}
	d.waiting = nil
	return true
}
