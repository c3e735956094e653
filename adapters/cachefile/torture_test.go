package cachefile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
)

// killed lets processes count, as many at a time as there are writers, and kills them at any moment.
// It reports the kills after which an acknowledged number was lost, and those after which the file was damaged.
func killed(t *testing.T, path, bug string, writers, kills int) (lost, damaged int) {
	t.Helper()
	counter := func(slot int) *child {
		c := start(t, "count", "CACHE="+path, "BUG="+bug, fmt.Sprint("ID=", slot))
		_ = c.in.Close()
		return c
	}
	all, last, acknowledged := make([]*child, writers), make([]int, writers), 0
	for slot := range all {
		all[slot] = counter(slot)
	}
	for i := range kills {
		slot := i % writers
		c := all[slot]
		pause := time.AfterFunc(time.Duration(rand.N(40))*time.Millisecond+5*time.Millisecond, func() { _ = c.Process.Kill() })
		for c.out.Scan() {
			last[slot], _ = counted(c.out.Text())
			acknowledged++
		}
		_ = c.Wait()
		pause.Stop()
		set, whole := stored(t, path)
		switch {
		case !whole:
			damaged++
		case count(set, fmt.Sprint(slot)) < last[slot]:
			lost++
		}
		if bug == bugNone {
			goesOnAtOnce(t, path)
		}
		all[slot] = counter(slot)
	}
	if acknowledged == 0 {
		t.Fatal("no process has written anything")
	}
	t.Logf("%d kills, %d writers, %d acknowledged updates: %d times one was lost, %d times the file was damaged", kills, writers, acknowledged, lost, damaged)
	return lost, damaged
}

// goesOnAtOnce fails when the locks of a process that was killed are in the way.
func goesOnAtOnce(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := verify(ctx, t, path); err != nil {
		t.Fatalf("after a process was killed: %v", err)
	}
}

// TestKilledProcessesLeaveTheOldOrTheNew: and the next one goes on at once, although the lock
// files of the last are there.
func TestKilledProcessesLeaveTheOldOrTheNew(t *testing.T) { killedLeaveTheOldOrTheNew(t, pathIn) }

func killedLeaveTheOldOrTheNew(t *testing.T, pathIn func(testing.TB) string) {
	t.Helper()
	lost, damaged := killed(t, pathIn(t), bugNone, 4, pick(16, 1000))
	if lost+damaged > 0 {
		t.Errorf("%d times an acknowledged update was lost, and %d times a file was damaged", lost, damaged)
	}
}

func TestDamageByKilledProcessesIsSeen(t *testing.T) { damageIsSeen(t, pathIn) }

func damageIsSeen(t *testing.T, pathIn func(testing.TB) string) {
	t.Helper()
	for range 20 {
		if _, damaged := killed(t, pathIn(t), bugInPlace, 1, 8); damaged > 0 {
			return
		}
	}
	t.Error("a file that is written in place is never damaged")
}

// TestDamagedFiles flips bytes of a file and cuts it off: nobody gets another's token, what is left is
// used, the next update works, and the damaged file is kept.
func TestDamagedFiles(t *testing.T) {
	path := pathIn(t)
	c := open(t, path)
	other := domain.UserKey("client", "other.home")
	if err := c.Update(t.Context(), userKey, adding("mine")); err != nil {
		t.Fatal(err)
	}
	if err := c.Update(t.Context(), other, ofOther(adding("theirs"))); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	step := pick(37, 1)
	for i := 0; i < len(whole); i += step {
		flipped := bytes.Clone(whole)
		flipped[i] ^= byte(1 + i%255)
		for _, data := range [][]byte{flipped, whole[:i]} {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			damaged(t, path, data, other)
		}
	}
}

func damaged(t *testing.T, path string, data []byte, other domain.PartitionKey) {
	t.Helper()
	_ = os.Remove(path + ".damaged")
	c := open(t, path)
	for key, foreign := range map[domain.PartitionKey]string{userKey: "theirs", other: "mine"} {
		set, err := c.Load(t.Context(), key)
		if err != nil {
			t.Fatalf("Load of a damaged file: %v", err)
		}
		for r := range set.Records() {
			if token, ok := r.(domain.AccessToken); ok && token.Secret.Reveal() == foreign {
				t.Fatalf("another's token is served from:\n%s", data)
			}
		}
	}
	if err := c.Update(t.Context(), userKey, adding("next")); err != nil {
		t.Fatalf("Update of a damaged file: %v", err)
	}
	set, err := open(t, path).Load(t.Context(), userKey)
	if err != nil || !slices.ContainsFunc(slices.Collect(set.Records()), func(r domain.Record) bool {
		token, ok := r.(domain.AccessToken)
		return ok && token.Secret.Reveal() == "next"
	}) {
		t.Fatalf("what was stored in a damaged file is not there: %v", err)
	}
	if before, _ := unified.Parse(data); before.Damaged() {
		kept, err := os.ReadFile(path + ".damaged")
		if err != nil || !bytes.Equal(kept, data) {
			t.Fatalf("the damaged file was not kept: %v", err)
		}
	}
}

// ofOther makes the token the other user's.
func ofOther(change func(domain.TokenSet) (domain.TokenSet, error)) func(domain.TokenSet) (domain.TokenSet, error) {
	return func(s domain.TokenSet) (domain.TokenSet, error) {
		set, err := change(domain.TokenSet{})
		for r := range set.Records() {
			if token, ok := r.(domain.AccessToken); ok {
				token.HomeAccountID = "other.home"
				return s.With(domain.Grant{AccessToken: &token}, token.CachedAt), err
			}
		}
		return s, err
	}
}

// TestLocksOfDeletedFiles: many take a lock in turn, and each deletes the file at the end, as leases
// do. Nobody gets in with the lock of a file that is gone.
func TestLocksOfDeletedFiles(t *testing.T) {
	path := pathIn(t)
	var inside, most atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range pick(2000, 50_000) {
				unlock, err := cachefile.LockForTest(path, cachefile.DeletingLock)
				if err != nil {
					t.Error(err)
					return
				}
				most.Store(max(most.Load(), inside.Add(1)))
				runtime.Gosched()
				inside.Add(-1)
				unlock()
			}
		})
	}
	all.Wait()
	if most.Load() > 1 {
		t.Errorf("%d had the lock at a time", most.Load())
	}
}

// TestADeletedLockFileLetsNobodyIn: the second lock holds.
func TestADeletedLockFileLetsNobodyIn(t *testing.T) {
	path := pathIn(t)
	err := open(t, path).Update(t.Context(), userKey, func(s domain.TokenSet) (domain.TokenSet, error) {
		if err := os.Remove(path + ".lock"); err != nil {
			return s, err
		}
		if _, err := open(t, path).Verify(shortly(t)); !errors.Is(err, cachefile.ErrLocked) {
			t.Errorf("a second handle gets the lock: %v", err)
		}
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLockFilesOfCrashes: one of ours is taken over at once, another's when it is old, and one that is held never.
func TestLockFilesOfCrashes(t *testing.T) {
	for name, lock := range map[string]struct {
		content string
		age     time.Duration
		taken   bool
	}{
		"ours":                   {"1 keyport", 0, true},
		"another's, old":         {fmt.Sprint(os.Getpid(), " python"), time.Minute, true},
		"another's, future":      {"999999 node", -time.Minute, true},
		"empty, seconds old":     {"", 5 * time.Second, true},
		"another's, seconds old": {"999999 node", 5 * time.Second, false},
		"empty, future":          {"", -5 * time.Second, true},
		"another's, fresh":       {"999999 node", 0, false},
		"empty, fresh":           {"", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := pathIn(t)
			if err := os.WriteFile(path+".lockfile", []byte(lock.content), 0o600); err != nil {
				t.Fatal(err)
			}
			then := time.Now().Add(-lock.age)
			if err := os.Chtimes(path+".lockfile", then, then); err != nil {
				t.Fatal(err)
			}
			err := open(t, path).Update(shortly(t), userKey, adding("token"))
			if (err == nil) != lock.taken {
				t.Errorf("Update: %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), "locked by another process") {
				t.Errorf("the error does not tell: %v", err)
			}
		})
	}
}

func shortly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}
