package cachefile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

const (
	fileMode   = 0o600
	folderMode = 0o700

	// maxBytes bounds what is read. A user's cache has some kilobytes.
	maxBytes = 256 << 20

	// leftOver is the age from which a temporary file is one that a crash has left. They may have times that are to come.
	leftOver = time.Hour
)

// file is a file that is replaced and never changed.
type file struct {
	path, folder string
	swept        atomic.Bool   // left-over temporary files were looked for
	turn         chan struct{} // held by the one caller of this handle that writes
}

// newFile checks the path and makes its folder.
func newFile(path string) (*file, error) {
	path, err := absolute("Path", path, "pass the path of a file in a folder of the program's user")
	if err != nil {
		return nil, err
	}
	f := fileAt(path)
	if err := f.ready(); err != nil {
		return nil, err
	}
	return f, nil
}

func fileAt(path string) *file {
	return &file{path: path, folder: filepath.Dir(path), turn: make(chan struct{}, 1)}
}

// sweptFile is one whose left-overs are swept with those of others, and whose lock is another's.
func sweptFile(path string) *file {
	f := &file{path: path, folder: filepath.Dir(path)}
	f.swept.Store(true)
	return f
}

// absolute checks a path of the configuration.
func absolute(field, path, remedy string) (string, error) {
	if path == "" || strings.ContainsRune(path, 0) {
		return "", &domain.ConfigError{Field: field, Problem: "is empty or has a NUL in it", Remedy: remedy}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", &domain.ConfigError{Field: field, Problem: "cannot be made absolute", Remedy: "pass an absolute path", Err: err}
	}
	return path, nil
}

// ready makes the folder when there is none, and checks it and the file.
func (f *file) ready() error {
	if err := makeFolder(f.folder); err != nil {
		return failed("check", f.folder, err)
	}
	info, err := os.Stat(f.folder)
	if err != nil {
		return failed("check", f.folder, err)
	}
	if err := checkFolder(f.folder, info); err != nil {
		return err
	}
	if _, err := f.stat(); err != nil {
		return err
	}
	return nil
}

// makeFolder makes a folder, and those above it, when there is none. What is stored in a folder outlives a
// power cut only when the folder's own name does.
func makeFolder(path string) error {
	_, err := os.Stat(path)
	above := filepath.Dir(path)
	if !errors.Is(err, fs.ErrNotExist) || above == path {
		return err
	}
	if err := makeFolder(above); err != nil {
		return err
	}
	if err := os.MkdirAll(path, folderMode); err != nil {
		return err
	}
	if err := syncFolder(above); err != nil && !errors.Is(err, fs.ErrPermission) { // it may be one that we cannot read
		_ = os.Remove(path) // who finds it does not sync its name
		return err
	}
	return nil
}

// stat returns what the file is, when it is safe; nil when there is none.
func (f *file) stat() (fs.FileInfo, error) {
	info, err := f.look()
	if info == nil || err != nil {
		return nil, err
	}
	return info, checkFile(f.path, info)
}

// look returns what the file is, whether it is safe or not; nil when there is none.
func (f *file) look() (fs.FileInfo, error) {
	info, err := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, failed("read", f.path, err)
	}
	return info, nil
}

// checkFile refuses what is no file of our own.
func checkFile(path string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return unsafe(path, "is a symbolic link", "pass the path that it leads to")
	case !info.Mode().IsRegular():
		return unsafe(path, "is not a file", "choose another path")
	}
	return checkOwner(path, info)
}

// read returns the content and what the file was then; nil and nil when there is none.
func (f *file) read() ([]byte, fs.FileInfo, error) {
	info, err := f.stat()
	if info == nil || err != nil {
		return nil, nil, err
	}
	opened, err := os.OpenFile(f.path, os.O_RDONLY|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, failed("read", f.path, err)
	}
	defer func() { _ = opened.Close() }()
	if info, err = opened.Stat(); err != nil {
		return nil, nil, failed("read", f.path, err)
	}
	if err := checkFile(f.path, info); err != nil {
		return nil, nil, err
	}
	if info.Size() > maxBytes {
		return nil, nil, &Error{Operation: "read", Path: f.path, Err: errors.New("the file is too large to be a token cache"), Remedy: "delete it"}
	}
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(opened, maxBytes)); err != nil {
		return nil, nil, failed("read", f.path, err)
	}
	return data.Bytes(), info, nil
}

// write replaces the file, which the caller has locked. When it fails, the old content
// stays; an error after the rename says that the new one may not outlive a power cut.
func (f *file) write(data []byte, replaced fs.FileInfo) (fs.FileInfo, error) {
	if err := f.ready(); err != nil {
		return nil, err
	}
	if f.swept.CompareAndSwap(false, true) {
		f.sweep()
	}
	temporary, info, err := f.temporary(data, replaced)
	if err != nil {
		return nil, failed("write", f.path, err)
	}
	if err := os.Rename(temporary, f.path); err != nil {
		_ = os.Remove(temporary)
		return nil, failed("write", f.path, err)
	}
	if err := syncFolder(f.folder); err != nil {
		return info, failed("write", f.path, err)
	}
	return info, nil
}

// temporary writes a file beside the real one, down to the disk.
func (f *file) temporary(data []byte, replaced fs.FileInfo) (path string, info fs.FileInfo, err error) {
	t, err := os.CreateTemp(f.folder, f.pattern()) // mode 0600, and never through a link
	if err != nil {
		return "", nil, err
	}
	path = t.Name()
	_, err = t.Write(data)
	if err == nil {
		err = t.Sync()
	}
	err = errors.Join(err, t.Close())
	if err == nil {
		info, err = stamp(path, replaced)
	}
	if err != nil {
		_ = os.Remove(path)
		return "", nil, err
	}
	return path, info, nil
}

// tryWriting writes a file beside the real one and removes it.
func (f *file) tryWriting() error {
	temporary, _, err := f.temporary([]byte("{}"), nil)
	if err != nil {
		return failed("write", f.path, err)
	}
	return os.Remove(temporary)
}

func (f *file) pattern() string { return "." + filepath.Base(f.path) + ".*.tmp" }

// sweep removes temporary files of this file that crashes have left.
func (f *file) sweep() { sweep(f.folder, escapeGlob("."+filepath.Base(f.path))+".*.tmp") }

// sweep removes temporary files of a folder that crashes have left.
func sweep(folder, pattern string) {
	list, err := filepath.Glob(filepath.Join(escapeGlob(folder), pattern))
	if err != nil {
		return
	}
	for _, path := range list {
		info, err := os.Lstat(path)
		if err == nil && checkFile(path, info) == nil && time.Since(info.ModTime()).Abs() > leftOver {
			_ = os.Remove(path)
		}
	}
}

// escapeGlob makes a path mean itself. (On Windows, where it cannot be, nothing matches.)
func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// keepDamaged copies what could not be read to a file beside it.
func (f *file) keepDamaged(data []byte) error {
	_, err := sweptFile(f.path+".damaged").write(data, nil)
	return err
}
