//go:build unix

package cachefile_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/domain"
)

func init() { children["limit"] = limitChild }

const stranger = 65534

// limitChild makes one update under conditions that the parent chose, and prints what came of it.
func limitChild() error {
	signal.Ignore(syscall.SIGXFSZ)
	if os.Getenv("LIMIT") == "files" { // no more than are open
		if _, _, err := os.Pipe(); err != nil { // what the runtime needs, it has by then
			return err
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 32, Max: 32}); err != nil {
			return err
		}
		for err := error(nil); err == nil; {
			_, err = syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		}
	}
	if os.Getenv("LIMIT") == "size" { // as a full disk, it ends a write in the middle
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 600, Max: 600}); err != nil {
			return err
		}
	}
	c, err := openCache(os.Getenv("CACHE"))
	switch {
	case err != nil:
	case os.Getenv("LIMIT") == "verify":
		err = verifies(context.Background(), c)
	default:
		err = c.Update(context.Background(), userKey, adding(strings.Repeat("long", 300)))
	}
	var typed *cachefile.Error
	switch {
	case err == nil:
		fmt.Println("stored")
	case !errors.As(err, &typed):
		fmt.Println("untyped:", err)
	default:
		fmt.Println("typed:", err)
	}
	return nil
}

// TestWhenWritingFails: the error is typed and the old content stays.
func TestWhenWritingFails(t *testing.T) {
	whenWritingFails(t, func(t *testing.T) string { return filepath.Join(sharedDir(t), "cache.json") })
}

func whenWritingFails(t *testing.T, newPath func(t *testing.T) string) {
	t.Helper()
	forbidden := func(t *testing.T, c *child, folder string) {
		t.Helper()
		asStranger(t, c, folder)
		if err := os.Chmod(folder, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	}
	for name, condition := range map[string]struct {
		env     string
		prepare func(t *testing.T, c *child, folder string)
		want    string
	}{
		"disk full":             {env: "LIMIT=size", want: "file too large"},
		"too many open files":   {env: "LIMIT=files", want: "too many open files"},
		"no permission":         {want: "permission denied", prepare: forbidden},
		"no permission, Verify": {env: "LIMIT=verify", want: "permission denied", prepare: forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			cache, err := openCache(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := cache.Update(t.Context(), userKey, adding("old")); err != nil {
				t.Fatal(err)
			}
			before := contentOf(t, path)
			c := prepared(t, "limit", []string{"CACHE=" + path, condition.env}, func(c *child) {
				if condition.prepare != nil {
					condition.prepare(t, c, folderOf(path))
				}
			})
			lines := c.end(t)
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "typed:") || !strings.Contains(lines[0], condition.want) {
				t.Errorf("the child says %q", lines)
			}
			if contentOf(t, path) != before {
				t.Error("the old content has changed")
			}
			left, _ := filepath.Glob(filepath.Join(folderOf(path), ".*.tmp"))
			if len(left) > 0 {
				t.Errorf("temporary files are left: %d", len(left))
			}
		})
	}
}

// sharedDir is a folder that another user can reach.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "keyport-cachefile-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// asStranger runs the child without the powers of root, and gives it the folder. Who is not root has
// none to lose.
func asStranger(t *testing.T, c *child, folder string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, folder) {
		if err := os.Chown(path, stranger, stranger); err != nil {
			t.Fatal(err)
		}
	}
	exe := filepath.Join(sharedDir(t), "child")
	data, err := os.ReadFile(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(exe, data, 0o755), os.Chmod(filepath.Dir(exe), 0o755)); err != nil {
		t.Fatal(err)
	}
	c.Path, c.Dir = exe, "/"
}

// TestUnsafeFilesAreRefused: each with an error that names the remedy, and nothing is changed.
func TestUnsafeFilesAreRefused(t *testing.T) {
	link := func(from func(path string) string) func(*testing.T, string) error {
		return func(t *testing.T, path string) error {
			target := filepath.Join(filepath.Dir(path), "target")
			if err := os.WriteFile(target, []byte("{}"), 0o600); err != nil {
				return err
			}
			return os.Symlink(target, from(path))
		}
	}
	same := func(p string) string { return p }
	for name, prepare := range map[string]func(t *testing.T, path string) error{
		"a link":                            link(same),
		"a dangling link":                   func(_ *testing.T, path string) error { return os.Symlink("nowhere", path) },
		"a link for the lock":               link(func(p string) string { return p + ".lock" }),
		"a folder":                          func(_ *testing.T, path string) error { return os.Mkdir(path, 0o700) },
		"a pipe":                            func(_ *testing.T, path string) error { return syscall.Mkfifo(path, 0o600) },
		"a socket":                          socket,
		"a file that the group may write":   withMode(0o620),
		"a file that everybody may write":   withMode(0o602),
		"a folder that everybody may write": func(_ *testing.T, path string) error { return os.Chmod(filepath.Dir(path), 0o777) },
		"a folder that the group may write": func(_ *testing.T, path string) error { return os.Chmod(filepath.Dir(path), 0o770) },
		"a file in the folder's place": func(_ *testing.T, path string) error {
			return errors.Join(os.RemoveAll(filepath.Dir(path)), os.WriteFile(filepath.Dir(path), nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			c := open(t, path)
			if err := prepare(t, path); err != nil {
				t.Fatal(err)
			}
			_, newErr := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})
			_, verifyErr := c.Verify(shortly(t))
			updateErr := c.Update(shortly(t), userKey, adding("token"))
			for what, err := range map[string]error{"New": newErr, "Verify": verifyErr, "Update": updateErr} {
				var typed *cachefile.Error
				switch {
				case what == "New" && strings.Contains(name, "lock"): // which is looked at when it is needed
				case !errors.As(err, &typed):
					t.Errorf("%s: %v", what, err)
				case !errors.Is(err, cachefile.ErrUnsafe) && !errors.Is(err, syscall.ENOTDIR):
					t.Errorf("%s gives another error: %v", what, err)
				case errors.Is(err, cachefile.ErrUnsafe) && typed.Remedy == "":
					t.Errorf("%s names no remedy: %v", what, err)
				}
			}
			if target, err := os.ReadFile(filepath.Join(filepath.Dir(path), "target")); err == nil && string(target) != "{}" {
				t.Error("what the link leads to was written")
			}
		})
	}
}

func withMode(mode fs.FileMode) func(*testing.T, string) error {
	return func(_ *testing.T, path string) error {
		return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, mode))
	}
}

func socket(t *testing.T, path string) error {
	t.Helper()
	short, err := os.MkdirTemp("", "s") // names of sockets have a limit
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(short, "s"))
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = l.Close(); _ = os.RemoveAll(short) })
	return os.Rename(filepath.Join(short, "s"), path)
}

// TestFilesOfAnotherUser needs another user to be one: root runs it on a file of nobody's, and everybody
// else on root's.
func TestFilesOfAnotherUser(t *testing.T) {
	path := "/etc/passwd"
	if os.Geteuid() == 0 {
		path = newPath(t)
		open(t, path)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, stranger, stranger)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})
	if !errors.Is(err, cachefile.ErrUnsafe) || !strings.Contains(err.Error(), "another user") {
		t.Errorf("NewTokenCache: %v", err)
	}
}

// TestModes: 0600 and 0700 under every umask, and also where a file was readable before.
func TestModes(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077} {
		t.Run(fmt.Sprintf("%03o", mask), func(t *testing.T) {
			old := syscall.Umask(mask)
			defer syscall.Umask(old)
			path := newPath(t)
			c := open(t, path)
			if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
			unlock, err := c.Lock(t.Context(), "key", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Update(t.Context(), userKey, adding("token")); err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]fs.FileMode{
				"": 0o600, ".lock": 0o600, ".leases": 0o700 | fs.ModeDir, "/..": 0o700 | fs.ModeDir,
			} {
				file := path + name
				if name == "/.." {
					file = filepath.Dir(path)
				}
				if info, err := os.Lstat(file); err != nil || info.Mode() != want {
					t.Errorf("%q has mode %v, want %v: %v", name, info.Mode(), want, err)
				}
			}
			unlock()
		})
	}
}

// TestDeletedFolders are made again.
func TestDeletedFolders(t *testing.T) {
	path := newPath(t)
	c := open(t, path)
	for _, name := range []string{"first", "second"} {
		if err := c.Update(t.Context(), userKey, adding(name)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if set, err := c.Load(t.Context(), userKey); err != nil || !set.IsZero() {
			t.Errorf("Load after the folder was deleted: %v %v", set, err)
		}
	}
}

// TestLeftOvers: temporary files of crashes go, those of others stay.
func TestLeftOvers(t *testing.T) {
	path := newPath(t)
	c := open(t, path)
	old := time.Now().Add(-2 * time.Hour)
	for name, age := range map[string]time.Time{".cache.json.1.tmp": old, ".cache.json.2.tmp": time.Now(), ".other.json.1.tmp": old} {
		file := filepath.Join(filepath.Dir(path), name)
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chtimes(file, age, age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Update(t.Context(), userKey, adding("token")); err != nil {
		t.Fatal(err)
	}
	list, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp"))
	for i := range list {
		list[i] = filepath.Base(list[i])
	}
	if want := []string{".cache.json.2.tmp", ".other.json.1.tmp"}; !slices.Equal(list, want) {
		t.Errorf("left are %v, want %v", list, want)
	}
}

// TestStoppedHolders: a process that hangs loses its lease, and does not free another's later; one
// that is killed loses it at once.
func TestStoppedHolders(t *testing.T) {
	path := pathIn(t)
	c := open(t, path)
	stopped := start(t, "hold", "CACHE="+path, "FOR=300ms")
	stopped.out.Scan()
	if err := stopped.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Lock(shortly(t), "key", time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Lock within the lease: %v", err)
	}
	unlock, err := c.Lock(t.Context(), "key", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := stopped.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	stopped.end(t)
	if _, err := c.Lock(shortly(t), "key", time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the late holder has freed another's lock: %v", err)
	}
	unlock()

	killed := start(t, "hold", "CACHE="+path, "FOR=1h")
	killed.out.Scan()
	_ = killed.Process.Kill()
	_ = killed.Wait()
	unlock, err = c.Lock(shortly(t), "key", time.Minute)
	if err != nil {
		t.Fatalf("Lock after the holder was killed: %v", err)
	}
	unlock()
}

// TestDeletedLockFiles: who held the lock of a deleted file has nothing that counts.
func TestDeletedLockFiles(t *testing.T) {
	path := pathIn(t)
	c := open(t, path)
	err := c.Update(t.Context(), userKey, func(s domain.TokenSet) (domain.TokenSet, error) {
		if _, err := open(t, path).Verify(shortly(t)); !errors.Is(err, cachefile.ErrLocked) {
			t.Errorf("a second handle gets the lock: %v", err)
		}
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + ".lock"); err != nil {
		t.Errorf("the lock file was not left: %v", err)
	}
	if _, err := os.Stat(path + ".lockfile"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the lock file for others was left: %v", err)
	}
}
