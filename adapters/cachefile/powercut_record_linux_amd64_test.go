package cachefile_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// recorder writes down what a traced process does to a folder, call by call. It sees each call after it was made, with
// what it was given: so this is what the cache really does.
type recorder struct {
	recording
	root  string
	now   disk // with all changes
	files map[uint64]*openFile
	err   error // a call that the model does not know
}

// openFile is what a descriptor stands for.
type openFile struct {
	*node
	offset int64
	append bool
}

func newRecorder(root string) (*recorder, error) {
	start, err := readDisk(root)
	return &recorder{recording: recording{start: start}, root: root, now: start.clone(), files: map[uint64]*openFile{}}, err
}

func (r *recorder) add(c change) {
	r.changes = append(r.changes, c)
	r.now.do(c)
}

const atFdcwd = ^uint64(99) // -100

// returned is told of each call that has succeeded.
func (r *recorder) returned(pid int, call syscall.PtraceRegs, result uint64) {
	a := [4]uint64{call.Rdi, call.Rsi, call.Rdx, call.R10}
	file := r.files[a[0]]
	switch call.Orig_rax {
	case syscall.SYS_OPENAT:
		r.opened(r.path(pid, a[0], a[1]), int(a[2]), fs.FileMode(a[3]).Perm(), result)
	case syscall.SYS_CLOSE:
		delete(r.files, a[0])
	case syscall.SYS_WRITE:
		switch data := memory(pid, a[1], result); {
		case a[0] == standardOutput:
			if line := strings.TrimSpace(string(data)); line != "begin" {
				r.add(change{call: "print", printed: line})
			}
		case file != nil:
			if file.append {
				file.offset = int64(len(r.now.data[file.node]))
			}
			r.add(change{call: "write", file: file.node, offset: file.offset, data: data})
			file.offset += int64(result)
		}
	case syscall.SYS_READ:
		if file != nil {
			file.offset += int64(result)
		}
	case syscall.SYS_PWRITE64:
		if file != nil {
			r.add(change{call: "pwrite", file: file.node, offset: int64(a[3]), data: memory(pid, a[1], result)})
		}
	case syscall.SYS_FTRUNCATE:
		if file != nil {
			r.add(change{call: "ftruncate", file: file.node, size: int64(a[1])})
		}
	case syscall.SYS_FSYNC, syscall.SYS_FDATASYNC:
		if file != nil {
			r.add(change{call: "fsync", synced: file.node})
		}
	case syscall.SYS_RENAME:
		r.renamed("rename", r.path(pid, atFdcwd, a[0]), r.path(pid, atFdcwd, a[1]), true)
	case syscall.SYS_RENAMEAT, sysRenameat2:
		r.renamed("rename", r.path(pid, a[0], a[1]), r.path(pid, a[2], a[3]), true)
	case syscall.SYS_LINK:
		r.renamed("link", r.path(pid, atFdcwd, a[0]), r.path(pid, atFdcwd, a[1]), false)
	case syscall.SYS_LINKAT:
		r.renamed("link", r.path(pid, a[0], a[1]), r.path(pid, a[2], a[3]), false)
	case syscall.SYS_UNLINK, syscall.SYS_RMDIR:
		r.named("unlink", r.path(pid, atFdcwd, a[0]), nil)
	case syscall.SYS_UNLINKAT:
		r.named("unlink", r.path(pid, a[0], a[1]), nil)
	case syscall.SYS_MKDIR:
		r.named("mkdir", r.path(pid, atFdcwd, a[0]), &node{true, fs.FileMode(a[1]).Perm()})
	case syscall.SYS_MKDIRAT:
		r.named("mkdir", r.path(pid, a[0], a[1]), &node{true, fs.FileMode(a[2]).Perm()})
	}
}

func (r *recorder) opened(name string, flags int, mode fs.FileMode, fd uint64) {
	if name == "" {
		return
	}
	n := r.now.names[name]
	if n == nil {
		n = &node{false, mode}
		r.named("create", name, n)
	} else if flags&syscall.O_TRUNC != 0 {
		r.add(change{call: "truncate", file: n})
	}
	r.files[fd] = &openFile{node: n, append: flags&syscall.O_APPEND != 0}
}

// named gives a name to a node, or takes it away.
func (r *recorder) named(call, name string, n *node) {
	folder := r.now.names[filepath.Dir(name)]
	switch {
	case name == "":
	case folder == nil:
		r.unknown("%s of %s, whose folder is not known", call, name)
	default:
		r.add(change{call: call, names: map[string]*node{name: n}, folder: folder})
	}
}

// renamed gives another name to a file.
func (r *recorder) renamed(call, from, to string, gone bool) {
	if from == "" && to == "" {
		return
	}
	n, folder := r.now.names[from], r.now.names[filepath.Dir(to)]
	if n == nil || n.folder || filepath.Dir(from) != filepath.Dir(to) {
		r.unknown("%s from %s to %s", call, from, to)
		return
	}
	names := map[string]*node{to: n}
	if gone {
		names[from] = nil
	}
	r.add(change{call: call, names: names, folder: folder, from: from})
}

func (r *recorder) unknown(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("the model does not know this call: "+format, args...)
	}
}

// path reads a path, and returns the name in the folder; empty when it is elsewhere.
func (r *recorder) path(pid int, at, address uint64) string {
	data := memory(pid, address, 4096)
	end := bytes.IndexByte(data, 0)
	if end < 0 {
		r.unknown("a path that cannot be read")
		return ""
	}
	path := string(data[:end])
	if !filepath.IsAbs(path) {
		if r.files[at] != nil {
			r.unknown("a path that begins at a descriptor: %s", path)
		}
		return ""
	}
	name, err := filepath.Rel(r.root, path)
	if err != nil || name == ".." || strings.HasPrefix(name, "../") {
		return ""
	}
	return name
}

// memory reads from a process, up to the end of what is there.
func memory(pid int, address, size uint64) []byte {
	file, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	data := make([]byte, size)
	n, _ := file.ReadAt(data, int64(address))
	return data[:n]
}
