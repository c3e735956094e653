package cachefile_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
	"github.com/seed57855a68/keyport/ports"
)

// soak says whether the long form of the tests runs (make soak).
func soak() bool { return os.Getenv("KEYPORT_SOAK") != "" }

// pick is the number for the short and for the long form.
func pick(short, long int) int {
	if soak() {
		return long
	}
	return short
}

// children are what other processes do. They wait for the end of their input, so
// that all of them begin at once.
var children = map[string]func() error{
	"count":   countChild,
	"refresh": refreshChild,
	"hold":    holdChild,
}

// The bugs that a child can be started with: each makes a torture test fail.
const (
	bugNone     = ""
	bugNoLock   = "no lock"
	bugInPlace  = "written in place"
	bugNoLease  = "no lease"
	bugUnlink   = "lock file deleted, not looked at again"
	bugStuck    = "lock file left by a crash"
	bugRemoved  = "old file removed before the new one is renamed"
	bugLeftOver = "temporary file not removed"
	bugIgnored  = "errors of writing ignored"

	bugNoSync       = "no fsync"
	bugNoFolderSync = "no fsync of the folder"
	bugEmptyRenamed = "renamed before it is written"
)

type child struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(t testing.TB, work string, env ...string) *child {
	t.Helper()
	return prepared(t, work, env, func(*child) {})
}

// childEnviron spares the child the second that the race detector waits at the end of a program.
func childEnviron(work string, env []string) []string {
	return append(append(os.Environ(), "GORACE=atexit_sleep_ms=0", childEnv+"="+work), env...)
}

// prepared starts a child after a last change to it.
func prepared(t testing.TB, work string, env []string, prepare func(*child)) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.Command(exe)}
	c.Env = childEnviron(work, env)
	c.Stderr = os.Stderr
	prepare(c)
	in, inErr := c.StdinPipe()
	out, outErr := c.StdoutPipe()
	if err := errors.Join(inErr, outErr, c.Start()); err != nil {
		t.Fatal(err)
	}
	c.in, c.out = in, bufio.NewScanner(out)
	t.Cleanup(func() {
		if c.ProcessState == nil {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	})
	return c
}

// end lets the child finish and returns what it printed.
func (c *child) end(t testing.TB) []string {
	t.Helper()
	_ = c.in.Close()
	var lines []string
	for c.out.Scan() {
		lines = append(lines, c.out.Text())
	}
	if err := c.Wait(); err != nil {
		t.Errorf("a child: %v", err)
	}
	return lines
}

func waitForStart() { _, _ = io.Copy(io.Discard, os.Stdin) }

var userKey = domain.UserKey("client", "user.home")

// adding puts one more token into the set.
func adding(name string) func(domain.TokenSet) (domain.TokenSet, error) {
	token := tokenOf(domain.ScopesFromResponse(name), name)
	return func(s domain.TokenSet) (domain.TokenSet, error) {
		return s.With(domain.Grant{AccessToken: &token}, time.Unix(1_800_000_000, 0)), nil
	}
}

// replacing is an update to one token.
func replacing(secret string) func(domain.TokenSet) (domain.TokenSet, error) {
	return func(domain.TokenSet) (domain.TokenSet, error) { return adding(secret)(domain.TokenSet{}) }
}

func signingOut(domain.TokenSet) (domain.TokenSet, error) { return domain.TokenSet{}, nil }

func tokenOf(scopes domain.Scopes, secret string) domain.AccessToken {
	return domain.AccessToken{
		Key: domain.RecordKey{
			Kind: domain.AccessTokenRecord, Environment: "login.microsoftonline.com", Tenant: "tenant", ClientID: "client", Scopes: scopes.Key(),
		},
		Secret: domain.NewSecret(secret), Type: "Bearer", Scopes: scopes, HomeAccountID: "user.home",
		CachedAt: time.Unix(1_700_000_000, 0), ExpiresOn: time.Unix(4_000_000_000, 0),
	}
}

type updater interface {
	Update(context.Context, domain.PartitionKey, func(domain.TokenSet) (domain.TokenSet, error)) error
}

func openWithBug(path, bug string) (updater, error) {
	if isSealed(path) {
		return openSealedWithBug(path, bug)
	}
	if bug != bugNone {
		return broken{path, bug}, nil
	}
	return cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})
}

// broken is a cache file as one would write it at first, with a bug in it.
type broken struct{ path, bug string }

func (b broken) Update(_ context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	if b.bug != bugNoLock {
		unlock, err := b.lock()
		if err != nil {
			return err
		}
		defer unlock()
	}
	data, err := os.ReadFile(b.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	cache, _ := unified.Parse(data)
	set, err := change(cache.Load(key))
	if err != nil {
		return err
	}
	next, err := cache.Store(key, set)
	if err != nil {
		return err
	}
	letOthers()
	switch b.bug {
	case bugInPlace:
		return writeInPlace(b.path, next.Bytes())
	case bugNone, bugNoSync, bugNoFolderSync, bugEmptyRenamed:
		return b.replaceDurably(next.Bytes())
	}
	return b.replace(next.Bytes())
}

// replaceDurably does all that a power cut asks for, but for the bug.
func (b broken) replaceDurably(data []byte) error {
	temporary := b.path + ".new"
	renamed := func() error { return os.Rename(temporary, b.path) }
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if b.bug == bugEmptyRenamed {
		err = renamed()
	}
	_, writeErr := f.Write(data)
	err = errors.Join(err, writeErr)
	if b.bug != bugNoSync {
		err = errors.Join(err, f.Sync())
	}
	if b.bug != bugEmptyRenamed {
		err = errors.Join(err, renamed())
	}
	if err != nil || b.bug == bugNoFolderSync {
		return err
	}
	folder, err := os.Open(filepath.Dir(b.path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// replace writes a temporary file and renames it.
func (b broken) replace(data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(b.path), "."+filepath.Base(b.path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Close())
	if b.bug == bugIgnored {
		err = nil
	}
	if err == nil && b.bug == bugRemoved {
		err = os.Remove(b.path)
	}
	if err == nil {
		err = os.Rename(temporary.Name(), b.path)
	}
	if err != nil && b.bug != bugLeftOver {
		_ = os.Remove(temporary.Name())
	}
	return err
}

// letOthers gives other processes the time that a disk takes: it syncs a file which is nobody else's.
func letOthers() {
	f, err := os.CreateTemp("", "keyport-disk-")
	if err != nil {
		return
	}
	_ = os.Remove(f.Name()) // a process that is killed leaves nothing
	_, _ = f.Write([]byte("slow"))
	_ = errors.Join(f.Sync(), f.Close())
}

func writeInPlace(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = f.Write(data[:len(data)/2])
	letOthers()
	_, err2 := f.Write(data[len(data)/2:])
	return errors.Join(err, err2)
}

// lock excludes others; with the bug, it deletes the lock file and does not look again whether
// what it has locked is still there.
func (b broken) lock() (unlock func(), err error) {
	switch b.bug {
	case bugUnlink:
		return cachefile.LockForTest(b.path+".lock", cachefile.NaiveLock)
	case bugStuck: // the file is the lock
		created, err := os.OpenFile(b.path+".lockfile", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		return func() { _ = os.Remove(b.path + ".lockfile") }, created.Close()
	}
	return cachefile.LockForTest(b.path+".lock", cachefile.PlainLock)
}

// holdChild takes a lease and keeps it until it is killed or stopped.
func holdChild() error {
	c, err := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: os.Getenv("CACHE")})
	if err != nil {
		return err
	}
	atMost, err := time.ParseDuration(os.Getenv("FOR"))
	if err != nil {
		return err
	}
	unlock, err := c.Lock(context.Background(), "key", atMost)
	if err != nil {
		return err
	}
	defer unlock()
	fmt.Println("held")
	waitForStart()
	return nil
}

var _ ports.Locker = (*cachefile.TokenCache)(nil)

func pathIn(t testing.TB) string { return filepath.Join(t.TempDir(), "cache.json") }

// processors keeps the children's work bounded on small machines.
func processors() int { return max(2, runtime.NumCPU()) }
