package cachefile

import (
	"errors"
	"fmt"
	"io/fs"
)

// What an [Error] may be, for [errors.Is]; otherwise it is the operating system's.
var (
	// ErrLocked: another process holds the lock and did not release it in time.
	ErrLocked = errors.New("the cache file is locked by another process")

	// ErrUnsafe: the file or folder is one that another user may read or change.
	ErrUnsafe = errors.New("the cache file is not safe")
)

// Error says what could not be done with a cache file. The old content is as it was, or the new one is there and
// may not outlive a power cut.
type Error struct {
	Operation string // "read", "write", "lock", "check"
	Path      string
	Problem   string // what is wrong, when the cause does not tell
	Remedy    string // what to do, when something can be said
	Err       error  // the cause: [ErrLocked], [ErrUnsafe], or the operating system's
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s cache file %s: ", e.Operation, e.Path)
	if e.Problem != "" {
		text += e.Problem + ": "
	}
	text += e.Err.Error()
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// failed wraps an error of the operating system, whose text need not repeat the path.
func failed(operation, path string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = fmt.Errorf("%s: %w", pathError.Op, pathError.Err)
	}
	return &Error{Operation: operation, Path: path, Err: err, Remedy: remedyFor(err)}
}

func remedyFor(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "let the program's user own the file and its folder"
	case isFull(err):
		return "make room on the disk"
	case isReadOnly(err):
		return "choose a path on a file system that can be written"
	}
	return ""
}

func unsafe(path, problem, remedy string) error {
	return &Error{Operation: "check", Path: path, Problem: problem, Remedy: remedy, Err: ErrUnsafe}
}
