package cachefile

import (
	"io/fs"
	"os"
	"time"
)

// ahead is how far the time of change is ahead of the clock: longer than it takes to read a file.
const ahead = 100 * time.Millisecond

// young and coarseYoung are how old a file must be for its time of change to tell it from one that another
// library wrote over it: clocks of file systems tick every few milliseconds, and of some every
// other second. Those may be ahead by some, after writes that each took a second of their own.
const (
	young       = 20 * time.Millisecond
	coarseYoung = 2*time.Second + young
	mostAhead   = time.Minute
)

// stamp sets the time of change of a file that is closed to shortly after now, and later than that of the one it
// will replace, unless there is no later one.
//
// The extensions of MSAL Python and Node.js read a file again when its time of change is later than
// the moment at which they finished reading it. When we replace it while they read, or within one tick of the
// clock, they would not see what we wrote, and write over it. Our own readers tell versions by
// the time too, since the number of an inode may come again: often that of the last file but one.
func stamp(path string, replaced fs.FileInfo) (info fs.FileInfo, err error) {
	earliest := time.Now().Add(ahead).Truncate(time.Microsecond)
	if replaced != nil && !earliest.After(replaced.ModTime()) { // the clock was set back
		earliest = replaced.ModTime().Add(time.Microsecond)
	}
	for _, tick := range ticks {
		if info, err = setTime(path, earliest.Add(tick)); err != nil || !info.ModTime().Before(earliest) {
			return info, err
		}
	}
	return setTime(path, time.Now().Add(ahead)) // another one than that of the file, at least
}

func setTime(path string, changed time.Time) (fs.FileInfo, error) {
	if err := chtimes(path, changed, changed); err != nil {
		return nil, err
	}
	return os.Lstat(path)
}

// ticks are those of file systems, which cut off what is finer: some know seconds only, or every other one.
var ticks = []time.Duration{0, time.Second, 2 * time.Second}

// chtimes sets the times of a file.
var chtimes = os.Chtimes

// isYoung reports whether a file that was read now may be written over without a change of its time.
func isYoung(now, changed time.Time) bool {
	age := now.Sub(changed)
	if changed.Nanosecond() == 0 {
		return -mostAhead < age && age < coarseYoung
	}
	return age.Abs() < young
}
