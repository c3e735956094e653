package cachefile_test

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A model of what a power cut leaves on a disk, for machines on which the real thing (e2e/powercut) cannot be tried.
//
// It begins with the calls that a process made, in their order, and a moment between two of them. What was made
// durable before that moment is there. Of the rest:
//
//   - Data of a file since the last fsync of that file: each write is there, or missing, or its bytes are zero, or it is torn at
//     any byte, with or without the size that it was to give the file. Each change of the size is there or missing.
//   - Names since the last fsync of their folder: on a file system that keeps them in order (a journal), all up to some
//     moment are there, and none after it. On one that does not, each is there or missing by itself; only, a
//     name that was given to a file by another of its names (link, rename) is there only if that other one had
//     arrived.
//
// Data and names do not wait for one another. An fsync of a file makes none of its names durable, and one of a folder no
// data, though real file systems often do so.
//
// Not modelled: times of change (each file has the same age, in which no machine starts again, and at which a lock looks held),
// renames that come apart into two names or none, damage to what was durable, disks that lie about an fsync, mmap, and
// several processes at the time of the cut.

// node is a file or a folder, whatever names it has.
type node struct {
	folder bool
	mode   fs.FileMode
}

// change is what one system call did.
type change struct {
	call string

	names  map[string]*node // that have another node since; nil: none
	folder *node            // in which the names are
	from   string           // the name that a new one was made of

	file   *node // whose data has changed
	data   []byte
	offset int64
	size   int64 // a change of the size, when data is nil

	synced  *node  // a file or a folder
	printed string // by the process: what it printed is known to the world
}

// disk is names, relative to the folder that is looked at, and data.
type disk struct {
	names map[string]*node
	data  map[*node][]byte
}

func newDisk() disk { return disk{map[string]*node{}, map[*node][]byte{}} }

func (d disk) clone() disk { return disk{maps.Clone(d.names), maps.Clone(d.data)} }

// do makes the whole change.
func (d disk) do(c change) {
	for name, n := range c.names {
		if n == nil {
			delete(d.names, name)
		} else {
			d.names[name] = n
		}
	}
	if c.file != nil && c.data == nil {
		d.resize(c.file, c.size)
	} else if c.file != nil {
		d.write(c.file, c.offset, c.data)
	}
}

func (d disk) write(file *node, offset int64, data []byte) {
	d.resize(file, max(int64(len(d.data[file])), offset+int64(len(data))))
	copy(d.data[file][offset:], data)
}

// resize replaces the data, which clones of the disk share.
func (d disk) resize(file *node, size int64) {
	fresh := make([]byte, size)
	copy(fresh, d.data[file])
	d.data[file] = fresh
}

// recording is what a process did to a disk.
type recording struct {
	start   disk
	changes []change
}

// cut returns a disk as it may be when the power is cut before the change of that number.
func (r recording) cut(position int, ordered bool, random *rand.Rand) disk {
	d, changes := r.start.clone(), r.changes[:position]
	names, data := chance(random), chance(random)
	arrived := arrivedOfAny(changes, names, random)
	if ordered {
		arrived = arrivedInOrder(changes, random)
	}
	for i, c := range changes {
		switch {
		case c.names != nil && arrived[i], c.file != nil && isSynced(changes[i:], c.file):
			d.do(c)
		case c.file != nil && random.Float64() < data:
			d.do(c)
		case c.file != nil && c.data != nil && data > 0:
			d.tear(c, random)
		}
	}
	return d
}

// chance is how likely a change has arrived: often none has, or all have.
func chance(random *rand.Rand) float64 { return []float64{0, 0.5, 1}[random.IntN(3)] }

// tear makes a part of a write.
func (d disk) tear(c change, random *rand.Rand) {
	switch random.IntN(4) {
	case 0: // it is missing
	case 1:
		d.write(c.file, c.offset, make([]byte, len(c.data)))
	case 2:
		d.write(c.file, c.offset, c.data[:random.IntN(len(c.data)+1)])
	case 3:
		d.write(c.file, c.offset, make([]byte, len(c.data)))
		d.write(c.file, c.offset, c.data[:random.IntN(len(c.data)+1)])
	}
}

func isSynced(later []change, n *node) bool {
	return slices.ContainsFunc(later, func(c change) bool { return c.synced == n })
}

// arrivedInOrder chooses a moment up to which the changes of names have arrived.
func arrivedInOrder(changes []change, random *rand.Rand) []bool {
	least := 0
	for i, c := range changes {
		if c.names != nil && isSynced(changes[i:], c.folder) {
			least = i + 1
		}
	}
	arrived := make([]bool, len(changes))
	for i := range least + random.IntN(len(changes)-least+1) {
		arrived[i] = true
	}
	return arrived
}

// arrivedOfAny chooses for each change of names whether it has arrived.
func arrivedOfAny(changes []change, likely float64, random *rand.Rand) []bool {
	arrived := make([]bool, len(changes))
	for i, c := range slices.Backward(changes) {
		if c.names == nil || !arrived[i] && !isSynced(changes[i:], c.folder) && random.Float64() >= likely {
			continue
		}
		arrived[i] = true
		for j, earlier := range slices.Backward(changes[:i]) {
			if earlier.names[c.from] != nil {
				arrived[j] = true
				break
			}
		}
	}
	return arrived
}

// printed are the lines that the process had printed before the change of that number.
func (r recording) printed(position int) (lines []string) {
	for _, c := range r.changes[:position] {
		if c.printed != "" {
			lines = append(lines, c.printed)
		}
	}
	return lines
}

// age is that of each file after a cut: past the moment in which a file that is not whole may be one that is being written.
const age = 500 * time.Millisecond

// materialize makes the disk a real folder. A name in a folder that has not arrived has not either.
func (d disk) materialize(folder string) error {
	first := map[*node]string{}
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		n, path := d.names[name], filepath.Join(folder, name)
		var err error
		switch {
		case n.folder && name == ".":
			err = os.MkdirAll(path, n.mode)
		case n.folder:
			err = os.Mkdir(path, n.mode)
		case first[n] != "":
			err = os.Link(first[n], path)
		default:
			first[n] = path
			then := time.Now().Add(-age)
			if err = os.WriteFile(path, d.data[n], n.mode); err == nil {
				err = os.Chtimes(path, then, then)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			delete(first, n)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readDisk reads a real folder.
func readDisk(folder string) (disk, error) {
	d := newDisk()
	var seen []fs.FileInfo
	var nodes []*node
	return d, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, nameErr := filepath.Rel(folder, path)
		info, err := entry.Info()
		if err := errors.Join(nameErr, err); err != nil {
			return err
		}
		if i := slices.IndexFunc(seen, func(other fs.FileInfo) bool { return os.SameFile(info, other) }); i >= 0 {
			d.names[name] = nodes[i]
			return nil
		}
		n := &node{info.IsDir(), info.Mode().Perm()}
		seen, nodes, d.names[name] = append(seen, info), append(nodes, n), n
		if !n.folder {
			d.data[n], err = os.ReadFile(path)
		}
		return err
	})
}
