package cachefile_test

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
)

// TestWritesAreLaterThanReads: the extensions of other MSALs do not read a file again whose time of change
// is before the moment at which they finished reading, which may be while we write.
func TestWritesAreLaterThanReads(t *testing.T) {
	path := newPath(t)
	c := open(t, path)
	for range 3 {
		var reading time.Time
		err := c.Update(t.Context(), userKey, func(set domain.TokenSet) (domain.TokenSet, error) {
			reading = time.Now()
			return adding(reading.String())(set)
		})
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.ModTime().Sub(reading); got < 90*time.Millisecond {
			t.Errorf("who finished reading %v after we began is not told of the change", got)
		}
	}
}

// TestFilesThatAreBeingWritten: another library, without a lock, has emptied the file and is about to
// write it, or has written half of it.
func TestFilesThatAreBeingWritten(t *testing.T) {
	set, err := adding("theirs")(domain.TokenSet{})
	if err != nil {
		t.Fatal(err)
	}
	empty, _ := unified.Parse(nil)
	theirs, err := empty.Store(domain.UserKey("client", "other.home"), set)
	if err != nil {
		t.Fatal(err)
	}
	data := theirs.Bytes()
	use := map[string]func(*cachefile.TokenCache) error{
		"update": func(c *cachefile.TokenCache) error { return c.Update(t.Context(), userKey, adding("ours")) },
		"load": func(c *cachefile.TokenCache) error {
			found, err := c.Load(t.Context(), domain.UserKey("client", "other.home"))
			if found.IsZero() {
				err = errors.Join(err, errors.New("nothing was found"))
			}
			return err
		},
	}
	for name, use := range use {
		for _, written := range []int{0, 1, len(data) / 2} {
			path := newPath(t)
			c := open(t, path)
			if err := os.WriteFile(path, data[:written], 0o600); err != nil {
				t.Fatal(err)
			}
			used, finished := make(chan struct{}), make(chan error)
			go func() { finished <- writeWhenLocked(path, data, used) }()
			err := use(c)
			close(used)
			if err := errors.Join(err, <-finished); err != nil {
				t.Errorf("%s after %d bytes: %v", name, written, err)
			}
			if got, err := open(t, path).Load(t.Context(), domain.UserKey("client", "other.home")); err != nil || got.IsZero() {
				t.Errorf("%s after %d bytes: what the other wrote is lost (%v)", name, written, err)
			}
		}
	}
}

// writeWhenLocked ends the writing of a file, in place, once somebody has locked it. In vain when that
// has replaced it already.
func writeWhenLocked(path string, data []byte, used <-chan struct{}) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	for isLocked := false; !isLocked; {
		select {
		case <-used:
			isLocked = true
		default:
			_, err := os.Stat(path + ".lockfile")
			isLocked = err == nil
			runtime.Gosched()
		}
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}
