package keyring

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	// maxFile is far above what any file of this package has.
	maxFile = 64 << 10

	lockTimeout = 2 * time.Minute // a user may be asked meanwhile, by another process
	lockPause   = 20 * time.Millisecond
)

// makeFolder makes a folder that only the program's user can read, or checks the one that is there.
func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return failed("choose", "", path, err)
	}
	return checkFolder("choose", "", path)
}

// checkFolder refuses folders that others may look into or put files into.
func checkFolder(operation, source, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return failed(operation, source, path, err)
	}
	if problem, remedy := folderProblem(path, info); problem != "" {
		return &Error{Operation: operation, Source: source, Path: path, Problem: problem, Remedy: remedy, Err: ErrUnsafe}
	}
	return nil
}

// readFile returns what is in a file that only the program's user can read and write. When there is no file,
// the error is [ErrNoKey].
func readFile(operation, source, path string) (content []byte, err error) {
	if err := checkFolder(operation, source, filepath.Dir(path)); err != nil {
		return nil, missing(operation, source, path, err)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0) //nolint:gosec // the path is the program's
	if err != nil {
		return nil, openError(operation, source, path, err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, failed(operation, source, path, err)
	}
	if problem, remedy := fileProblem(path, info); problem != "" {
		return nil, &Error{Operation: operation, Source: source, Path: path, Problem: problem, Remedy: remedy, Err: ErrUnsafe}
	}
	content, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, failed(operation, source, path, err)
	}
	if len(content) == 0 || len(content) > maxFile {
		return nil, damaged(operation, source, path, "is empty or far too large")
	}
	return content, nil
}

func openError(operation, source, path string, err error) error {
	if info, lerr := os.Lstat(path); lerr == nil && info.Mode()&fs.ModeSymlink != 0 {
		return &Error{
			Operation: operation, Source: source, Path: path, Problem: "is a symbolic link", Err: ErrUnsafe,
			Remedy: "pass the path of the file itself",
		}
	}
	return missing(operation, source, path, err)
}

func missing(operation, source, path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Operation: operation, Source: source, Path: path, Err: ErrNoKey}
	}
	return failed(operation, source, path, err)
}

func damaged(operation, source, path, problem string) error {
	return &Error{
		Operation: operation, Source: source, Path: path, Problem: problem, Err: ErrDamaged,
		Remedy: "restore the file, or delete it to begin with a new key; what was sealed before is then lost",
	}
}

// writeFile puts a file there as a whole: a crash leaves the old one or the new one.
func writeFile(operation, source, path string, content []byte) (err error) {
	folder := filepath.Dir(path)
	if err := makeFolder(folder); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return failed(operation, source, path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
			err = failed(operation, source, path, err)
		}
	}()
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err == nil {
		err = syncFolder(folder)
	}
	return err
}

// lockFolder lets one process at a time look for a key and make one.
func lockFolder(ctx context.Context, folder string) (unlock func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	path := filepath.Join(folder, "lock")
	lock := flock.New(path, flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(waiting, lockPause); err != nil {
		_ = lock.Close()
		problem, remedy := "", ""
		if waiting.Err() != nil {
			problem = "another process holds the lock"
			remedy = "see whether a process of this program hangs or waits for its user"
		}
		if ctx.Err() == nil && waiting.Err() != nil {
			err = ErrUnavailable
		}
		return nil, &Error{Operation: "choose", Path: path, Problem: problem, Remedy: remedy, Err: err}
	}
	return func() { _ = lock.Close() }, nil
}
