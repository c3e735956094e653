package cachefile_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// atOnce is how soon the next process must have written. With the age of the files it is less than the two seconds after which
// a lock file without a mark is taken over.
const atOnce = time.Second

// tried is a scenario that was recorded.
type tried struct {
	scenario
	recording
	below    string // the cache's path, in the folder that is watched
	original string
	before   int
	tries    int
}

// record lets a child do what the scenario says.
func (s scenario) record(t *testing.T, bug string) tried {
	t.Helper()
	path := s.path(t)
	root := filepath.Dir(filepath.Dir(path))
	if err := s.prepare(t, path); err != nil {
		t.Fatal(err)
	}
	original := contentOf(t, path)
	set, _ := stored(t, path)
	r, err := newRecorder(root)
	if err != nil {
		t.Fatal(err)
	}
	fault{}.watched(t, r.returned, "steps", "CACHE="+path, "BUG="+bug, "STEPS="+s.steps, "GODEBUG=asyncpreemptoff=1")
	tries := 3
	if bug != bugNone {
		tries = 1
	}
	left, err := readDisk(root)
	if err != nil || r.err != nil {
		t.Fatal(err, r.err)
	}
	if got, want := r.now.String(), left.String(); got != want {
		t.Fatalf("a call was not seen: when all have arrived, the model has\n%s\nand the folder\n%s", got, want)
	}
	return tried{s, r.recording, strings.TrimPrefix(path, root), original, count(set, "x"), tries}
}

// String tells names, modes and data, so that disks can be compared.
func (d disk) String() string {
	var all strings.Builder
	number := map[*node]int{}
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		n := d.names[name]
		if number[n] == 0 {
			number[n] = len(number) + 1
		}
		fmt.Fprintf(&all, "%d %v %v %q %q\n", number[n], n.folder, n.mode, name, d.data[n])
	}
	return all.String()
}

// wrongAfter tells what is wrong with a disk after a cut. What is only slow, on a busy machine, is tried again.
func (r tried) wrongAfter(t *testing.T, d disk, printed []string) (wrong []string) {
	t.Helper()
	for range r.tries {
		root, err := os.MkdirTemp(inMemory(t), "keyport-powercut-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(root) })
		if err := d.materialize(root); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, r.below)
		wrong = r.wrongIn(t, path, r.original, r.before, printed)
		slow := goesOn(t, path)
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
		if wrong = append(wrong, slow...); len(slow) == 0 {
			break
		}
	}
	return wrong
}

// inMemory is where a sync costs nothing, if there is such a place. By then the cut is over.
func inMemory(t *testing.T) string {
	t.Helper()
	const folder = "/dev/shm"
	if info, err := os.Stat(folder); err != nil || !info.IsDir() || info.Mode()&os.ModeSticky == 0 {
		return t.TempDir()
	}
	return folder
}

// goesOn tells why the next process cannot read, write or have a lease at once.
func goesOn(t *testing.T, path string) (wrong []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), atOnce)
	defer cancel()
	c, err := openCache(path)
	if err != nil {
		return []string{fmt.Sprintf("the next process: %v", err)}
	}
	set, err := c.Load(ctx, userKey)
	if err != nil {
		wrong = append(wrong, fmt.Sprintf("the next process reads: %v", err))
	}
	var now int
	if err := c.Update(ctx, userKey, counting("x", &now)); err != nil {
		wrong = append(wrong, fmt.Sprintf("the next process writes: %v", err))
	} else if set, whole := stored(t, path); !whole || count(set, "x") != now {
		wrong = append(wrong, "what the next process wrote is not there")
	}
	if now != 0 && now != count(set, "x")+1 {
		wrong = append(wrong, fmt.Sprintf("the next process reads %d and writes %d", count(set, "x"), now))
	}
	locker, isLocker := c.(ports.Locker)
	if !isLocker {
		return append(wrong, "it locks nothing")
	}
	unlock, err := locker.Lock(ctx, "key", time.Minute)
	if err != nil {
		return append(wrong, fmt.Sprintf("the next process has no lease: %v", err))
	}
	unlock()
	return wrong
}

// enough is how much wrong in one scenario is reported.
const enough = 5

// cuts cuts the power before each call, with names in order and without, and then again. It ends when it has found what it looks for.
func (r tried) cuts(t *testing.T, number int, random *rand.Rand, until string) (done int, wrong []string) {
	t.Helper()
	offset := random.IntN(len(r.changes) + 1)
	for done < number {
		ordered, position := done%2 == 0, (offset+done/2)%(len(r.changes)+1)
		d, printed := r.cut(position, ordered, random), r.printed(position)
		done++
		for _, w := range r.wrongAfter(t, d, printed) {
			wrong = append(wrong, fmt.Sprintf("%s, cut before call %d of %d, names in order: %v: %s; the disk:\n%v", r.name, position, len(r.changes), ordered, w, d))
			if until != "" && strings.Contains(w, until) || until == "" && len(wrong) == enough {
				return done, wrong
			}
		}
	}
	return done, wrong
}

// chosenBy is the chance of a test, which POWERCUT_SEED repeats.
func chosenBy(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("POWERCUT_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("POWERCUT_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// powerCuts tries scenarios, each with at least the number of cuts.
func powerCuts(t *testing.T, scenarios []scenario, each int) {
	t.Helper()
	random, total := chosenBy(t), 0
	for _, s := range scenarios {
		r := s.record(t, bugNone)
		done, wrong := r.cuts(t, each, random, "")
		total += done
		t.Logf("%s: %d power cuts in %d calls", s.name, done, len(r.changes))
		for _, w := range wrong {
			t.Error(w)
		}
	}
	t.Logf("%d power cuts in all", total)
	if want := each * len(scenarios); total < want {
		t.Errorf("%d power cuts, want at least %d", total, want)
	}
}

// TestPowerCutModel: whatever a power cut leaves of the calls that the cache makes, the file is the old one or the new one, what was
// acknowledged is in it, and the next process goes on at once.
func TestPowerCutModel(t *testing.T) {
	powerCuts(t, append(scenarios, scenario{"three updates, and no folder", "count count count", newPath, nothing}), pick(90, 1000))
}

// TestPowerCutModelOfSealedFiles: as for the one file.
func TestPowerCutModelOfSealedFiles(t *testing.T) {
	powerCuts(t, append(sealedScenarios, scenario{"three updates, and no sealed folder", "count count count", sealedIn, nothing}), pick(90, 1000))
}

// TestBugsAreSeenByPowerCutModel: each bug costs the file, or what was acknowledged, or the next process its turn.
func TestBugsAreSeenByPowerCutModel(t *testing.T) {
	for bug, want := range map[string]string{
		bugNoSync: "neither old nor new", bugNoFolderSync: "the counter is", bugInPlace: "neither old nor new", bugEmptyRenamed: "neither old nor new",
		bugStuck: "the next process writes",
	} {
		t.Run(bug, func(t *testing.T) {
			done, wrong := scenarios[2].record(t, bug).cuts(t, 1000, chosenBy(t), want)
			if len(wrong) == 0 || !strings.Contains(wrong[len(wrong)-1], want) {
				t.Fatalf("%d power cuts do not show it: %v", done, wrong)
			}
			t.Logf("found after %d cuts, as it should be: %s", done, want)
		})
	}
}
