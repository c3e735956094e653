package redirectloopback

import (
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// maxOpen bounds the connections that are served. A browser needs one, and keeps a
	// few more ready.
	maxOpen = 256
	// maxLive bounds them together with those that were told to close and have not
	// done so yet: net/http takes up to half a second to close after a large request.
	maxLive = 2 * maxOpen
	// minAge is what every connection has for its request. A browser writes as soon as
	// it is connected, so mostly the request is there before the connection is accepted.
	minAge = 100 * time.Millisecond
)

// connections keeps the connections of one receiver within bounds. When one comes too
// many, the oldest without a whole request goes: so neither silent nor slow clients
// can keep the browser out, however many they are. Accepting waits while that one is
// younger than minAge, so that a flood cannot push the browser out either.
type connections struct {
	slots chan struct{}  // one for each that lives
	live  sync.WaitGroup // counts the same, for waiting
	freed chan struct{}  // told when one is closed

	mu   sync.Mutex // guards what follows
	open []*connection
	shut bool
}

type connection struct {
	net.Conn
	since time.Time
	kept  bool
}

func newConnections() *connections {
	return &connections{slots: make(chan struct{}, maxLive), freed: make(chan struct{}, 1)}
}

// changed is [http.Server.ConnState]. While it waits, no further one is accepted.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.slots <- struct{}{}
		c.live.Add(1)
		for wait := c.admit(conn); wait > 0; wait = c.admit(conn) {
			c.waitForOne(wait)
		}
	case http.StateClosed:
		c.remove(conn)
		c.live.Done()
		<-c.slots
	}
}

// admit takes a connection in, or returns how long to wait before the next attempt.
func (c *connections) admit(conn net.Conn) (wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		_ = conn.Close()
		return 0
	}
	if len(c.open) >= maxOpen {
		i := slices.IndexFunc(c.open, func(o *connection) bool { return !o.kept })
		if i < 0 {
			return minAge
		}
		if age := time.Since(c.open[i].since); age < minAge {
			return minAge - age
		}
		_ = c.open[i].Close()
		c.open = slices.Delete(c.open, i, i+1)
	}
	c.open = append(c.open, &connection{Conn: conn, since: time.Now()})
	return 0
}

// waitForOne waits until one is closed, or the oldest may be.
func (c *connections) waitForOne(atMost time.Duration) {
	timer := time.NewTimer(atMost)
	defer timer.Stop()
	select {
	case <-c.freed:
	case <-timer.C:
	}
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = slices.DeleteFunc(c.open, func(o *connection) bool { return o.Conn == conn })
	select {
	case c.freed <- struct{}{}:
	default:
	}
}

// keep spares a connection whose request is whole and whose page is to come. No more
// are kept for long than answers are, which is far below maxOpen.
func (c *connections) keep(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.open {
		if o.Conn == conn {
			o.kept = true
		}
	}
}

// shutDown closes the connections that are not kept, and those to come.
func (c *connections) shutDown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	for _, o := range c.open {
		if !o.kept {
			_ = o.Close()
		}
	}
}
