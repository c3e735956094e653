//go:build powercut

package powercut

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// cutsEach is how often the power of one file system is cut, when POWERCUT_CUTS does not say.
const cutsEach = 60

// fileSystem is one that is tried, with its options for mount.
type fileSystem struct {
	name, kind, options string
	size                int64
	make                []string
}

var (
	makeExt4    = []string{"mkfs.ext4", "-q", "-F", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"}
	fileSystems = []fileSystem{
		{"ext4", "ext4", "defaults", 64 << 20, makeExt4},
		{"ext4 noauto_da_alloc", "ext4", "noauto_da_alloc", 64 << 20, makeExt4},
		{"ext4 data=writeback", "ext4", "data=writeback", 64 << 20, makeExt4},
		{"ext4 with times in seconds", "ext4", "defaults", 64 << 20, append(slices.Clone(makeExt4), "-I", "128")},
		{"xfs", "xfs", "defaults", 320 << 20, []string{"mkfs.xfs", "-q", "-K"}},
		{"btrfs", "btrfs", "defaults", 256 << 20, []string{"mkfs.btrfs", "-q", "-K"}},
	}
)

// machine is the folder with the disks.
type machine struct {
	folder string
	root   *fs.Inode
	disks  int
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("mounting needs root")
	}
	endIfInterrupted(t)
	root := &fs.Inode{}
	m := &machine{folder: t.TempDir(), root: root}
	server, err := fs.Mount(m.folder, root, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, FsName: "disks", Name: "disks"}})
	if err != nil {
		t.Fatalf("FUSE is needed (/dev/fuse): %v", err)
	}
	keepFromChildren()
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// keepFromChildren keeps /dev/fuse, which go-fuse opens so that children have it too, from outliving this program in one
// of them. The kernel gives up disks that nobody serves only when nobody could.
func keepFromChildren() {
	for fd := 3; fd < 256; fd++ {
		syscall.CloseOnExec(fd)
	}
}

// attach makes a disk a file.
func (m *machine) attach(t *testing.T, d *disk) (path string, detach func()) {
	t.Helper()
	m.disks++
	name := fmt.Sprint("disk", m.disks)
	node := m.root.NewPersistentInode(t.Context(), d, fs.StableAttr{Mode: syscall.S_IFREG})
	m.root.AddChild(name, node, true)
	return filepath.Join(m.folder, name), func() { m.root.RmChild(name) }
}

// command runs one in a process group of its own: what a terminal interrupts is this program, which then unmounts.
func command(t *testing.T, name string, args ...string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

// mounted runs work in a mounted disk. The kernel frees the loop device that mount takes when nothing is mounted from it.
func (m *machine) mounted(t *testing.T, f fileSystem, d *disk, create bool, work func(folder string)) {
	t.Helper()
	endIfInterrupted(t)
	path, detach := m.attach(t, d)
	defer detach()
	if create {
		command(t, f.make[0], append(f.make[1:], path)...)
	}
	folder := t.TempDir()
	command(t, "mount", "-t", f.kind, "-o", "loop,"+f.options, path, folder)
	defer command(t, "umount", folder)
	work(folder)
}

// recording is what a child did to a disk.
type recording struct {
	path   string // of the cache on the disk
	before *disk
	log    []event
	stored []int // the position at which each number was acknowledged
}

const updates = 24

// The paths of the caches on a disk. The caches make the folder.
var plain, sealed = filepath.Join("tokens", "cache.json"), filepath.Join("tokens", "sealed")

// record lets a child count on a new file system.
func (m *machine) record(t *testing.T, f fileSystem, path, bug string) recording {
	t.Helper()
	d := newDisk(f.size)
	r := recording{path: path}
	m.mounted(t, f, d, true, func(folder string) {
		path := filepath.Join(folder, path)
		command(t, "sync", "-f", folder)
		r.before = d.copyNow()
		r.stored = append(r.stored, 0)
		runChild(t, path, bug, func() { r.stored = append(r.stored, d.position()) })
		d.mu.Lock()
		r.log = d.log
		d.mu.Unlock()
	})
	return r
}

func runChild(t *testing.T, path, bug string, acknowledged func()) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(interrupted, exe)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Env = append(os.Environ(), "POWERCUT_CACHE="+path, "POWERCUT_BUG="+bug, "POWERCUT_UPDATES="+strconv.Itoa(updates))
	c.Stderr = os.Stderr
	in, inErr := c.StdinPipe()
	out, outErr := c.StdoutPipe()
	if err := errors.Join(inErr, outErr, c.Start()); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for err == nil && lines.Scan() {
		acknowledged()
		_, err = fmt.Fprintln(in)
	}
	if err := errors.Join(err, c.Wait()); err != nil {
		t.Fatal(err)
	}
}

// cuts cuts the power at moments spread over the recording, and returns what was wrong after one.
func (m *machine) cuts(t *testing.T, f fileSystem, r recording, number int, random *rand.Rand, enough func(wrong []string) bool) (done int, wrong []string) {
	t.Helper()
	for i := range number {
		kind, position := i%kindsOfCut, len(r.log)*(i+1)/number
		after := r.before.cut(r.log[:position], kind, random)
		acknowledged := 0
		for n, at := range r.stored {
			if at <= position {
				acknowledged = n
			}
		}
		m.mounted(t, f, after, false, func(folder string) {
			if problem := look(t, filepath.Join(folder, r.path), acknowledged); problem != "" {
				wrong = append(wrong, fmt.Sprintf("%s, cut at %d of %d, kind %d: %s", f.name, position, len(r.log), kind, problem))
			}
		})
		if done++; enough(wrong) {
			break
		}
	}
	return done, wrong
}

// look reads the cache after the power is back. The number is the one that was acknowledged last, or
// the next one, which was being written.
func look(t *testing.T, path string, acknowledged int) string {
	t.Helper()
	c, problems, err := opened(path)
	if err != nil {
		return err.Error()
	}
	set, err := c.Load(t.Context(), key)
	switch n := counted(set); {
	case err != nil || problems() > 0:
		return fmt.Sprintf("neither old nor new: %d problems, %v", problems(), err)
	case n < acknowledged || n > acknowledged+1:
		return fmt.Sprintf("lost: the number is %d, acknowledged was %d", n, acknowledged)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // no lock of before is in the way
	defer cancel()
	if err := c.Update(ctx, key, counting); err != nil {
		return "the next update: " + err.Error()
	}
	return ""
}

// numberOfCuts is how often the power of one file system is cut.
func numberOfCuts(t *testing.T) int {
	t.Helper()
	given := os.Getenv("POWERCUT_CUTS")
	if given == "" {
		return cutsEach
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < kindsOfCut {
		t.Fatalf("POWERCUT_CUTS is %q: want a number, %d or more", given, kindsOfCut)
	}
	return n
}

func randomFor(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("POWERCUT_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("POWERCUT_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestPowerCuts: the file, plain or sealed, is the old one or the new one, and what was acknowledged is in it.
func TestPowerCuts(t *testing.T) {
	each := numberOfCuts(t)
	for _, f := range fileSystems {
		for _, path := range []string{plain, sealed} {
			t.Run(f.name+", "+filepath.Base(path), func(t *testing.T) {
				m := newMachine(t)
				r := m.record(t, f, path, "")
				done, wrong := m.cuts(t, f, r, each, randomFor(t), func([]string) bool { return false })
				if done != each {
					t.Errorf("%d power cuts, want %d", done, each)
				}
				for _, w := range wrong {
					t.Error(w)
				}
				t.Logf("%d power cuts in %d writes and flushes of %d updates: %d wrong", done, len(r.log), updates, len(wrong))
			})
		}
	}
}

// TestBugsAreSeenByPowerCuts: what a program forgets costs its file, or what it said was stored. It cuts until that is
// seen, at most 240 times, also in the short form.
func TestBugsAreSeenByPowerCuts(t *testing.T) {
	for bug, want := range map[string]string{
		bugNoSync: "neither old nor new", bugNoFolderSync: "lost", bugInPlace: "neither old nor new", bugEmptyRenamed: "neither old nor new",
	} {
		t.Run(bug, func(t *testing.T) {
			m, f := newMachine(t), fileSystems[1]
			found := ""
			done, wrong := m.cuts(t, f, m.record(t, f, plain, bug), 4*cutsEach, randomFor(t), func(wrong []string) bool {
				for _, w := range wrong {
					if strings.Contains(w, want) {
						found = w
					}
				}
				return found != ""
			})
			if found == "" {
				t.Fatalf("%d power cuts do not show it: %v", done, wrong)
			}
			t.Logf("found after %d cuts, as it should be: %s", done, found)
		})
	}
}
