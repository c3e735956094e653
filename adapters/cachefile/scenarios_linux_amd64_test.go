package cachefile_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
	"github.com/seed57855a68/keyport/ports"
)

func init() { children["steps"] = stepsChild }

var bystander = domain.UserKey("client", "other.home")

// stepsChild makes updates one after the other, and prints what came of each.
func stepsChild() error {
	fmt.Println("begin")
	c, err := openWithBug(os.Getenv("CACHE"), os.Getenv("BUG"))
	if err != nil {
		fmt.Println(kindOf(err))
		return nil
	}
	for _, step := range strings.Fields(os.Getenv("STEPS")) {
		var now int
		change := counting("x", &now)
		if step == "delete" {
			change = signingOut
		}
		fmt.Println(kindOf(underLease(c, step == "lease", func() error { return c.Update(context.Background(), userKey, change) })))
	}
	return nil
}

func underLease(c updater, wanted bool, work func() error) error {
	cache, ok := c.(ports.Locker)
	if !wanted || !ok {
		return work()
	}
	unlock, err := cache.Lock(context.Background(), "key", time.Minute)
	if err != nil {
		return err
	}
	defer unlock()
	return work()
}

func kindOf(err error) string {
	var typed *cachefile.Error
	var errno syscall.Errno
	switch {
	case err == nil:
		return "stored"
	case !errors.As(err, &typed) || !errors.As(err, &errno):
		return "untyped: " + err.Error()
	}
	return fmt.Sprint("typed ", int(errno))
}

// scenario is a folder as the child finds it, and what the child does.
type scenario struct {
	name, steps string
	path        func(testing.TB) string
	prepare     func(t *testing.T, path string) error
}

func nothing(*testing.T, string) error { return nil }

var scenarios = []scenario{
	{"a file", "count", newPath, aFile},
	{"no file", "count", newPath, nothing},
	{"two updates", "count count", newPath, aFile},
	{"deleting", "count delete count", newPath, aFile},
	{"a lease", "lease", newPath, aFile},
	{"a damaged file", "count", newPath, func(t *testing.T, path string) error {
		t.Helper()
		err := aFile(t, path)
		data, readErr := os.ReadFile(path)
		return errors.Join(err, readErr, os.WriteFile(path, data[:len(data)-3], 0o600))
	}},
	{"what a crash left", "count", newPath, func(t *testing.T, path string) error {
		t.Helper()
		old, temporary := time.Now().Add(-2*time.Hour), filepath.Join(filepath.Dir(path), leftByACrash)
		return errors.Join(aFile(t, path), os.WriteFile(path+".lockfile", []byte("1 keyport"), 0o600),
			os.WriteFile(temporary, nil, 0o600), os.Chtimes(temporary, old, old))
	}},
}

const leftByACrash = ".cache.json.1.tmp"

func aFile(t *testing.T, path string) error {
	t.Helper()
	c, err := openWithBug(path, bugNone)
	if err != nil {
		return err
	}
	var now int
	return errors.Join(
		c.Update(t.Context(), bystander, ofOther(adding("bystander"))),
		c.Update(t.Context(), userKey, counting("x", &now)),
		c.Update(t.Context(), userKey, counting("x", &now)),
	)
}

// possible are the numbers that the counter may have after what the child printed: a step that was stored has
// happened, one that failed or was not finished may have, and one after the kill has not.
func possible(before int, steps, printed []string) map[int]bool {
	states := map[int]bool{before: true}
	for i, step := range steps {
		next := map[int]bool{}
		for n := range states {
			if step == "delete" {
				next[0] = true
			} else {
				next[n+1] = true
			}
		}
		done := i < len(printed) && printed[i] == "stored"
		if !done {
			maps.Copy(next, states)
		}
		states = next
		if i >= len(printed) {
			break
		}
	}
	return states
}

// wrongIn tells what is wrong in a cache, which had a content and a number before.
func (s scenario) wrongIn(t *testing.T, path, original string, before int, printed []string) (wrong []string) {
	t.Helper()
	now := contentOf(t, path)
	set, whole := stored(t, path)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		whole = whole && info.Size() > 0
	}
	if !whole && now != original {
		wrong = append(wrong, fmt.Sprintf("the file is neither old nor new: %d bytes", len(now)))
	} else if states := possible(before, strings.Fields(s.steps), printed); !states[count(set, "x")] {
		wrong = append(wrong, fmt.Sprintf("the counter is %d after %v", count(set, "x"), printed))
	}
	if original != "" && !hasBystander(t, path) {
		wrong = append(wrong, "another's token is lost")
	}
	if cache, _ := unified.Parse([]byte(original)); !isSealed(path) && cache.Damaged() && now != original {
		if kept, err := os.ReadFile(path + ".damaged"); err != nil || string(kept) != original {
			wrong = append(wrong, "the damaged file was not kept")
		}
	}
	return wrong
}
