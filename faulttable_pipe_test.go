package keyport_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// newPipe is a connection inside the process. Like one of the system, and other than
// [net.Pipe], it has buffers, so that both ends may write first, and what was written
// before a close arrives. With reset, its near end sees the other one go with a reset.
func newPipe(reset bool) (near, far net.Conn) {
	there, back := newStream(io.EOF), newStream(io.EOF)
	if reset {
		back.end = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return &pipeEnd{in: back, out: there}, &pipeEnd{in: there, out: back}
}

// pipeEnd is one end.
type pipeEnd struct{ in, out *stream }

func (p *pipeEnd) Read(b []byte) (int, error)  { return p.in.read(b) }
func (p *pipeEnd) Write(b []byte) (int, error) { return p.out.write(b) }

// Close implements [net.Conn].
func (p *pipeEnd) Close() error {
	p.in.set(func(s *stream) { s.deaf = true })
	p.out.set(func(s *stream) { s.closed = true })
	return nil
}

func (*pipeEnd) LocalAddr() net.Addr  { return &net.TCPAddr{} }
func (*pipeEnd) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// SetDeadline implements [net.Conn].
func (p *pipeEnd) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

// SetReadDeadline implements [net.Conn].
func (p *pipeEnd) SetReadDeadline(t time.Time) error {
	p.in.set(func(s *stream) { s.readBy = t })
	return nil
}

// SetWriteDeadline implements [net.Conn].
func (p *pipeEnd) SetWriteDeadline(t time.Time) error {
	p.out.set(func(s *stream) { s.writeBy = t })
	return nil
}

// stream is one direction.
type stream struct {
	end error // what a reader gets at the end

	mu              sync.Mutex // guards what follows
	changed         *sync.Cond
	held            []byte
	closed          bool // by the writer
	deaf            bool // closed by the reader
	readBy, writeBy time.Time
}

const streamBuffer = 64 << 10

func newStream(end error) *stream {
	s := &stream{end: end}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// set changes the stream and wakes who waits, now and when its deadlines pass.
func (s *stream) set(change func(*stream)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
	s.changed.Broadcast()
	for _, by := range []time.Time{s.readBy, s.writeBy} {
		if left := time.Until(by); left > 0 {
			time.AfterFunc(left, s.changed.Broadcast)
		}
	}
}

func hasPassed(by time.Time) bool { return !by.IsZero() && !time.Now().Before(by) }

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.deaf:
			return 0, net.ErrClosed
		case hasPassed(s.readBy):
			return 0, os.ErrDeadlineExceeded
		case len(s.held) > 0:
			n := copy(p, s.held)
			s.held = s.held[n:]
			s.changed.Broadcast()
			return n, nil
		case s.closed:
			return 0, s.end
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closed:
			return 0, net.ErrClosed
		case s.deaf:
			return 0, &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
		case hasPassed(s.writeBy):
			return 0, os.ErrDeadlineExceeded
		case len(s.held) < streamBuffer:
			s.held = append(s.held, p...)
			s.changed.Broadcast()
			return len(p), nil
		}
		s.changed.Wait()
	}
}
