package keyring

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// Choice says where a key is kept and why it is not in a place that stands higher. It holds no secret.
type Choice struct {
	Source string   // [Source].Name; "" when there is no key
	Reason string   // "a key was found"
	Made   bool     // the key is new: nothing was sealed with it before
	Passed []Passed // the rungs above, from the top
}

// Passed is a rung that was not taken.
type Passed struct {
	Source string
	Reason string
}

// String says it in a sentence, for a log or a command's -v.
func (c Choice) String() string {
	parts := []string{"no key"}
	if c.Source != "" {
		parts[0] = c.Source + ": " + c.Reason
	}
	for _, p := range c.Passed {
		parts = append(parts, "not "+p.Source+": "+p.Reason)
	}
	return strings.Join(parts, "; ")
}

const (
	found    = "a key was found"
	made     = "a new key was made"
	recorded = "chosen at an earlier start"
)

// ladder is one search for a key.
type ladder struct {
	folder  string
	sources []Source
	choice  Choice
}

func (l *ladder) open(ctx context.Context) (Key, error) {
	if key, done, err := l.delivered(ctx); done {
		return key, err
	}
	if l.folder == "" {
		return Key{}, &domain.ConfigError{
			Field: "Folder", Problem: "is empty, and the user has no folder for settings",
			Remedy: "pass a folder that survives a reboot; for a service: the one in $STATE_DIRECTORY",
		}
	}
	if err := makeFolder(l.folder); err != nil {
		return Key{}, err
	}
	if name, err := l.record(); err != nil || name != "" {
		return l.openRecorded(ctx, name, err)
	}
	unlock, err := lockFolder(ctx, l.folder)
	if err != nil {
		return Key{}, err
	}
	defer unlock()
	if name, err := l.record(); err != nil || name != "" { // by another process, while we waited
		return l.openRecorded(ctx, name, err)
	}
	return l.climb(ctx)
}

// delivered looks at the rungs at the top that need no folder: what an operator gives at each
// start wins over what was chosen before.
func (l *ladder) delivered(ctx context.Context) (key Key, done bool, err error) {
	for len(l.sources) > 0 {
		s, ok := l.sources[0].(credential)
		if !ok {
			return Key{}, false, nil
		}
		key, err := s.Load(ctx)
		if err == nil {
			l.take(s, found)
			return key, true, nil
		}
		if !errors.Is(err, ErrNoKey) && !errors.Is(err, ErrUnavailable) {
			return Key{}, true, err
		}
		l.pass(s, err)
		l.sources = l.sources[1:]
	}
	return Key{}, true, l.nothing()
}

// openRecorded takes the key from where it was put before, and from nowhere else.
func (l *ladder) openRecorded(ctx context.Context, name string, err error) (Key, error) {
	if err != nil {
		return Key{}, err
	}
	startAnew := "or delete " + l.folder + " to begin with a new key; what was sealed before is then lost"
	for _, s := range l.sources {
		if s.Name() != name {
			continue
		}
		key, err := s.Load(ctx)
		switch {
		case err == nil:
			l.take(s, recorded)
		case errors.Is(err, ErrNoKey):
			err = &Error{
				Operation: "load", Source: name, Problem: "the key of an earlier start is gone", Err: err,
				Remedy: "restore it, " + startAnew,
			}
		case errors.Is(err, ErrUnavailable):
			err = &Error{
				Operation: "load", Source: name, Problem: "the key of an earlier start cannot be read", Err: err,
				Remedy: "make it available, " + startAnew,
			}
		}
		return key, err
	}
	return Key{}, &Error{
		Operation: "choose", Path: l.recordPath(), Err: ErrUnavailable,
		Problem: "names a place that is not on the ladder", Remedy: "put it on the ladder again, " + startAnew,
	}
}

// climb goes down the ladder until a rung has a key or takes one.
func (l *ladder) climb(ctx context.Context) (Key, error) {
	for _, s := range l.sources {
		key, reason, err := obtain(ctx, s)
		if err == nil {
			if err := l.writeRecord(s.Name()); err != nil {
				return Key{}, err
			}
			l.take(s, reason)
			return key, nil
		}
		if gone := ctx.Err(); gone != nil {
			return Key{}, &Error{Operation: "choose", Source: s.Name(), Err: gone}
		}
		if !errors.Is(err, ErrUnavailable) {
			return Key{}, err
		}
		l.pass(s, err)
	}
	return Key{}, l.nothing()
}

// obtain loads the key of a source, or has it keep a new one.
func obtain(ctx context.Context, s Source) (key Key, reason string, err error) {
	key, err = s.Load(ctx)
	if err == nil || !errors.Is(err, ErrNoKey) {
		return key, found, err
	}
	fresh := NewKey()
	if err := s.Store(ctx, fresh); err != nil {
		return Key{}, "", err
	}
	// Some stores say that they keep what they do not.
	key, err = s.Load(ctx)
	if err != nil || !key.Equal(fresh) {
		return Key{}, "", &Error{
			Operation: "store", Source: s.Name(), Err: ErrUnavailable, Problem: "does not return the key that it was given",
		}
	}
	return key, made, nil
}

func (l *ladder) take(s Source, reason string) {
	l.choice.Source, l.choice.Reason, l.choice.Made = s.Name(), reason, reason == made
}

func (l *ladder) pass(s Source, err error) {
	reason := err.Error()
	if own, ok := errors.AsType[*Error](err); ok {
		reason = own.brief()
	}
	l.choice.Passed = append(l.choice.Passed, Passed{Source: s.Name(), Reason: reason})
}

func (l *ladder) nothing() error {
	return &Error{
		Operation: "choose", Err: ErrUnavailable, Problem: l.choice.String(),
		Remedy: "make one of them available, or pass other Sources",
	}
}

func (l *ladder) recordPath() string { return filepath.Join(l.folder, "source") }

// record returns the name of the source that was chosen before, or "".
func (l *ladder) record() (string, error) {
	content, err := readFile("choose", "", l.recordPath())
	if errors.Is(err, ErrNoKey) {
		return "", nil
	}
	return strings.TrimSuffix(string(content), "\n"), err
}

func (l *ladder) writeRecord(name string) error {
	return writeFile("choose", "", l.recordPath(), []byte(name+"\n"))
}
