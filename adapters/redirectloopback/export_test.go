package redirectloopback

import (
	"context"
	"net"
	"net/url"

	"github.com/seed57855a68/keyport/ports"
)

// Bounds that tests go beyond.
const (
	MaxEarly   = maxEarly
	MaxBody    = maxBody
	MaxHeader  = maxHeader
	MaxOpen    = maxOpen
	MaxLive    = maxLive
	MinAge     = minAge
	ReadLimit  = readLimit
	WriteLimit = writeLimit
	HoldLimit  = holdLimit
	CloseLimit = closeLimit
)

// What the system says when a port cannot be opened.
var (
	Taken  = taken
	Absent = absent
	Denied = denied
)

// ListenHere opens a port of this machine.
var ListenHere = listenHere

// NewOn returns a listener that opens ports with listen.
func NewOn(o Options, listen func(ctx context.Context, network, address string) (net.Listener, error)) *RedirectListener {
	return &RedirectListener{options: o, listen: listen}
}

// Burden is what a receiver carries of the requests that it has got: what the next one
// costs depends on nothing else.
type Burden struct{ Connections, Slots, Early int }

// BurdenOf waits until the connections of all requests are closed.
func BurdenOf(of ports.RedirectReceiver) Burden {
	r := of.(*receiver)
	r.connections.live.Wait()
	r.connections.mu.Lock()
	defer r.connections.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	return Burden{len(r.connections.open), len(r.connections.slots), len(r.desk.early)}
}

// Desk is where answers meet who waits for them.
type Desk = desk

// Hand hands a request in. What it returns tells the status that it was answered with
// so far, or 0.
func (d *desk) Hand(state, code string) (status func() int) {
	a := newAnswer(url.Values{"state": {state}, "code": {code}})
	d.hand(a)
	seen := 0
	return func() int {
		select {
		case p := <-a.page:
			seen = p.status
		default:
		}
		return seen
	}
}

// Wait waits for a state. What it returns tells the code that was received so far;
// leave gives up, if nothing was.
func (d *desk) Wait(state string) (code func() string, leave func() bool) {
	w := d.wait(digestOf(state))
	return func() string {
		select {
		case a := <-w.got:
			return a.values.Get("code")
		default:
			return ""
		}
	}, func() bool { return d.leave(w) }
}
