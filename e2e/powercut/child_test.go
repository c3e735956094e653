//go:build powercut

package powercut

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
	"github.com/seed57855a68/keyport/ports"
)

// interrupted ends with SIGINT and SIGTERM. The tests then end after the cut at which they are, and unmount: to die
// with mounted disks that nobody serves is what a program must not do.
var interrupted context.Context

func endIfInterrupted(t *testing.T) {
	t.Helper()
	if interrupted.Err() != nil {
		t.Fatal("interrupted")
	}
}

// TestMain makes this program the child when it is started as one.
func TestMain(m *testing.M) {
	if path := os.Getenv("POWERCUT_CACHE"); path != "" {
		if err := child(path, os.Getenv("POWERCUT_BUG")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	var stop func()
	interrupted, stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // who reads the output may be interrupted first
	m.Run()
}

// child counts in the cache. It prints each number that is stored, and waits for a line before it goes on.
func child(path, bug string) (err error) {
	other := startAnother(filepath.Join(filepath.Dir(filepath.Dir(path)), "another"))
	defer func() { err = errors.Join(err, other.stop()) }()
	var c updater = broken{path, bug, other}
	if bug == "" {
		c, _, err = opened(path)
	} else {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err != nil {
		return err
	}
	updates, err := strconv.Atoi(os.Getenv("POWERCUT_UPDATES"))
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for i := range updates {
		if err := c.Update(context.Background(), key, counting); err != nil {
			return err
		}
		fmt.Println(i + 1)
		if !lines.Scan() {
			return errors.New("the parent is gone")
		}
		other.turn()
	}
	return nil
}

// another is a program beside the child that syncs a file of its own now and then. That writes a part of what the
// file system has in memory, at moments that the child does not choose.
type another struct {
	synced chan struct{} // received from once for each time
	done   chan struct{}
	ended  chan error
}

func startAnother(path string) another {
	a := another{make(chan struct{}), make(chan struct{}), make(chan error, 1)}
	go func() {
		defer close(a.synced)
		var err error
		for i := 0; err == nil; i++ {
			select {
			case <-a.done:
				a.ended <- nil
				return
			case <-time.After(time.Millisecond):
				err = written(path, []byte(strconv.Itoa(i)), true)
			}
			select {
			case a.synced <- struct{}{}:
			default: // the child is at work
			}
		}
		a.ended <- err
	}()
	return a
}

// turn lets it write once.
func (a another) turn() { <-a.synced }

func (a another) stop() error {
	close(a.done)
	return <-a.ended
}

var key = domain.UserKey("client", "user.home")

// counting adds one to the number that a token has as its secret.
func counting(s domain.TokenSet) (domain.TokenSet, error) {
	scopes := domain.ScopesFromResponse("counter")
	token := domain.AccessToken{
		Key: domain.RecordKey{
			Kind: domain.AccessTokenRecord, Environment: "login.microsoftonline.com", Tenant: "tenant", ClientID: "client", Scopes: scopes.Key(),
		},
		Secret: domain.NewSecret(strconv.Itoa(counted(s) + 1)), Type: "Bearer", Scopes: scopes, HomeAccountID: "user.home",
		CachedAt: time.Unix(1_700_000_000, 0), ExpiresOn: time.Unix(4_000_000_000, 0),
	}
	return s.With(domain.Grant{AccessToken: &token}, time.Unix(1_800_000_000, 0)), nil
}

func counted(s domain.TokenSet) (n int) {
	for r := range s.Records() {
		if token, ok := r.(domain.AccessToken); ok {
			n, _ = strconv.Atoi(token.Secret.Reveal())
		}
	}
	return n
}

type updater interface {
	Update(context.Context, domain.PartitionKey, func(domain.TokenSet) (domain.TokenSet, error)) error
}

// opened returns the cache of a path, and how many problems it has had. A plain file is read on its own as well: the cache
// would salvage what is damaged.
func opened(path string) (c ports.TokenCache, problems func() int, err error) {
	if filepath.Base(path) == filepath.Base(sealed) {
		keys, err := cachekit.NewKeyRing(cachekit.KeyRingOptions{Active: cachekit.Key{
			ID: "powercut", Secret: domain.NewSecret(base64.StdEncoding.EncodeToString([]byte("a key that is for power cuts only")[:32])),
		}})
		if err != nil {
			return nil, nil, err
		}
		n := 0
		c, err := cachefile.NewSealedTokenCache(cachefile.SealedTokenCacheOptions{
			Folder: path, Sealer: keys, OnProblem: func(context.Context, cachekit.Problem) { n++ },
		})
		return c, func() int { return n }, err
	}
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, nil, err
	}
	cache, found := unified.Parse(data)
	n := len(found)
	if cache.Damaged() || err == nil && len(data) == 0 {
		n++
	}
	c, err = cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})
	return c, func() int { return n }, err
}

// The bugs that the child can be started with.
const (
	bugNoSync       = "no fsync"
	bugNoFolderSync = "no fsync of the folder"
	bugInPlace      = "written in place"
	bugEmptyRenamed = "renamed before it is written"
)

// broken writes a cache file with a bug.
type broken struct {
	path, bug string
	other     another
}

// Update is not safe for use by several processes.
func (b broken) Update(_ context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	data, err := os.ReadFile(b.path)
	if err != nil && !os.IsNotExist(err) {
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
	temporary := b.path + ".new"
	switch b.bug {
	case bugInPlace:
		return b.inPlace(next.Bytes())
	case bugEmptyRenamed:
		return errors.Join(written(temporary, nil, false), os.Rename(temporary, b.path), b.inPlace(next.Bytes()))
	}
	return errors.Join(written(temporary, next.Bytes(), b.bug != bugNoSync), os.Rename(temporary, b.path))
}

// inPlace writes slowly, as for a large file, and syncs.
func (b broken) inPlace(data []byte) error {
	f, err := os.Create(b.path)
	if err != nil {
		return err
	}
	b.other.turn()
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func written(path string, data []byte, sync bool) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if sync {
		err = errors.Join(err, f.Sync())
	}
	return errors.Join(err, f.Close())
}
