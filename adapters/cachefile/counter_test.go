package cachefile_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
)

// A counter is a token whose secret is a number, one for each process. A lost update is one that
// it lacks at the end, and the file stays small however many updates there are.

// count is the number in a set; zero when there is none.
func count(s domain.TokenSet, id string) int {
	for r := range s.Records() {
		if token, ok := r.(domain.AccessToken); ok && token.Scopes.Key() == counterScopes(id).Key() {
			n, _ := strconv.Atoi(token.Secret.Reveal())
			return n
		}
	}
	return 0
}

func counterScopes(id string) domain.Scopes { return domain.ScopesFromResponse("counter-" + id) }

// counting adds one to a counter, and notes what it is then.
func counting(id string, now *int) func(domain.TokenSet) (domain.TokenSet, error) {
	return func(s domain.TokenSet) (domain.TokenSet, error) {
		*now = count(s, id) + 1
		token := tokenOf(counterScopes(id), strconv.Itoa(*now))
		return s.With(domain.Grant{AccessToken: &token}, time.Unix(1_800_000_000, 0)), nil
	}
}

// countChild counts until it is killed or has counted as far as it was told to. Once a number is stored, it
// prints it, and how long that took.
func countChild() error {
	c, err := openWithBug(os.Getenv("CACHE"), os.Getenv("BUG"))
	if err != nil {
		return err
	}
	updates := 1 << 30
	if n, err := strconv.Atoi(os.Getenv("COUNT")); err == nil {
		updates = n
	}
	waitForStart()
	for range updates {
		var now int
		begin := time.Now()
		if err := c.Update(context.Background(), userKey, counting(os.Getenv("ID"), &now)); err != nil {
			return err
		}
		fmt.Println(now, time.Since(begin).Microseconds())
	}
	return nil
}

// counted reads a line of countChild.
func counted(line string) (n int, took time.Duration) {
	number, micros, _ := strings.Cut(line, " ")
	n, _ = strconv.Atoi(number)
	us, _ := strconv.Atoi(micros)
	return n, time.Duration(us) * time.Microsecond
}

// stored reads the counters' set from the file, and reports whether the file is in order.
func stored(t *testing.T, path string) (set domain.TokenSet, whole bool) {
	t.Helper()
	if isSealed(path) {
		return storedSealed(t, path)
	}
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	cache, problems := unified.Parse(data)
	return cache.Load(userKey), !cache.Damaged() && len(problems) == 0
}

// lostUpdates lets processes count in one file or folder and returns how many numbers are missing.
func lostUpdates(t *testing.T, path, bug string, processes, updates int) (lost int) {
	t.Helper()
	var all []*child
	for i := range processes {
		all = append(all, start(t, "count", "CACHE="+path, "BUG="+bug, fmt.Sprint("ID=", i), fmt.Sprint("COUNT=", updates)))
	}
	begin := time.Now()
	for _, c := range all {
		_ = c.in.Close()
	}
	var times []time.Duration
	for _, c := range all {
		for _, line := range c.end(t) {
			_, took := counted(line)
			times = append(times, took)
		}
	}
	if len(times) != processes*updates {
		t.Errorf("%d updates were made, want %d", len(times), processes*updates)
	}
	set, whole := stored(t, path)
	if !whole {
		t.Error("the file is damaged")
	}
	for i := range processes {
		lost += updates - count(set, strconv.Itoa(i))
	}
	slices.Sort(times)
	t.Logf("%d processes, %d updates, %d lost, in %v; one update: median %v, 99 %% within %v, slowest %v", processes, len(times), lost,
		time.Since(begin).Round(time.Millisecond), times[len(times)/2], times[len(times)*99/100], times[len(times)-1])
	return lost
}

// TestProcessesLoseNoUpdate, and none starves: an update fails when it waits for half a minute.
// The long form makes 24,400 updates.
func TestProcessesLoseNoUpdate(t *testing.T) { loseNoUpdate(t, pathIn, 200) }

// loseNoUpdate takes the number of updates that each of a crowd of 80 makes.
func loseNoUpdate(t *testing.T, path func(testing.TB) string, crowded int) {
	t.Helper()
	for _, n := range []struct{ processes, updates int }{
		{2, pick(10, 200)}, {8, pick(6, 200)}, {pick(12, 32), pick(2, 200)}, {pick(16, 80), pick(1, crowded)},
	} {
		t.Run(fmt.Sprintf("%d processes, %d updates each", n.processes, n.updates), func(t *testing.T) {
			if lost := lostUpdates(t, path(t), bugNone, n.processes, n.updates); lost > 0 {
				t.Errorf("%d of %d updates are lost", lost, n.processes*n.updates)
			}
		})
	}
}

// TestLostUpdatesAreSeen: the test above finds a cache that does not lock, and one whose lock does not
// hold.
func TestLostUpdatesAreSeen(t *testing.T) { lostUpdatesAreSeen(t, pathIn) }

func lostUpdatesAreSeen(t *testing.T, path func(testing.TB) string) {
	t.Helper()
	for _, bug := range []string{bugNoLock, bugUnlink} {
		t.Run(bug, func(t *testing.T) {
			for range 20 { // chance has a part in it
				if lostUpdates(t, path(t), bug, 2*processors(), 15) > 0 {
					return
				}
			}
			t.Error("no update is lost")
		})
	}
}
