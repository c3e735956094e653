//go:build powercut

package powercut

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// page is what a disk writes at once: the half of a write is a number of whole pages.
const page = 4096

// disk is a file, for a loop device, that remembers what was written and flushed in which order.
type disk struct {
	fs.Inode
	size int64

	mu    sync.Mutex
	pages map[int64]*[page]byte // a page is replaced and never changed; none is zeros
	log   []event
}

// event is a write, or a flush when it has no data.
type event struct {
	offset int64
	data   []byte
}

var (
	_ fs.NodeGetattrer = (*disk)(nil)
	_ fs.NodeSetattrer = (*disk)(nil)
	_ fs.NodeOpener    = (*disk)(nil)
	_ fs.NodeReader    = (*disk)(nil)
	_ fs.NodeWriter    = (*disk)(nil)
	_ fs.NodeFsyncer   = (*disk)(nil)
)

func newDisk(size int64) *disk { return &disk{size: size, pages: map[int64]*[page]byte{}} }

// Getattr implements fs.NodeGetattrer.
func (d *disk) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Size = syscall.S_IFREG|0o600, uint64(d.size)
	return 0
}

// Setattr implements fs.NodeSetattrer: a disk has no size or time to set.
func (d *disk) Setattr(ctx context.Context, h fs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return d.Getattr(ctx, h, out)
}

// Open implements fs.NodeOpener.
func (d *disk) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) { return nil, 0, 0 }

// Read implements fs.NodeReader.
func (d *disk) Read(_ context.Context, _ fs.FileHandle, to []byte, offset int64) (fuse.ReadResult, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	to = to[:max(0, min(int64(len(to)), d.size-offset))]
	for done := 0; done < len(to); {
		at := offset + int64(done)
		from := d.pages[at/page]
		if from == nil {
			from = new([page]byte)
		}
		done += copy(to[done:], from[at%page:])
	}
	return fuse.ReadResultData(to), 0
}

// Write implements fs.NodeWriter.
func (d *disk) Write(_ context.Context, _ fs.FileHandle, data []byte, offset int64) (uint32, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := event{offset, append([]byte(nil), data...)}
	d.log = append(d.log, e)
	d.apply(e)
	return uint32(len(data)), 0
}

// Fsync implements fs.NodeFsyncer: the loop device's flush.
func (d *disk) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, event{})
	return 0
}

func (d *disk) apply(e event) {
	for done := 0; done < len(e.data); {
		at := e.offset + int64(done)
		var fresh [page]byte
		if old := d.pages[at/page]; old != nil {
			fresh = *old
		}
		done += copy(fresh[at%page:], e.data[done:])
		d.pages[at/page] = &fresh
	}
}

// copyNow returns the disk as it is, and begins its log anew.
func (d *disk) copyNow() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = nil
	return &disk{size: d.size, pages: maps.Clone(d.pages)}
}

// position is how much was logged so far.
func (d *disk) position() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.log)
}

// How a power cut treats the writes since the last flush.
const (
	allArrived = iota
	noneArrived
	someArrived // in any order
	halvesArrived
	kindsOfCut
)

// cut returns the disk after a power cut at a position of the log.
func (d *disk) cut(log []event, kind int, random *rand.Rand) *disk {
	after := d.copyNow()
	flushed := 0
	for i, e := range log {
		if e.data == nil {
			flushed = i
		}
	}
	for i, e := range log {
		switch {
		case i < flushed || kind == allArrived:
		case kind == noneArrived || random.IntN(2) == 0:
			continue
		case kind == halvesArrived:
			e.data = e.data[:random.Int64N(int64(len(e.data)/page)+1)*page]
		}
		after.apply(e)
	}
	return after
}
