package keyring_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"github.com/seed57855a68/keyport/adapters/keyring"
	"github.com/seed57855a68/keyport/domain"
)

// place is a source for tests.
type place struct {
	name    string
	key     keyring.Key
	err     error // of every call
	asked   int
	forgets bool
	swaps   bool   // another key than the one that is stored
	loading func() // run before Load returns
}

func (p *place) Name() string { return p.name }

func (p *place) Load(context.Context) (keyring.Key, error) {
	p.asked++
	if p.loading != nil {
		p.loading()
	}
	if p.err != nil {
		return keyring.Key{}, p.err
	}
	if p.key.IsZero() {
		return keyring.Key{}, keyring.ErrNoKey
	}
	return p.key, nil
}

func (p *place) Store(_ context.Context, key keyring.Key) error {
	if p.swaps {
		key = newKey()
	}
	if !p.forgets {
		p.key = planted(key)
	}
	return p.err
}

func absent(problem string) error {
	return &keyring.Error{Operation: "load", Source: "x", Problem: problem, Remedy: "mend it", Err: keyring.ErrUnavailable}
}

func open(t *testing.T, folder string, sources ...keyring.Source) (keyring.Key, keyring.Choice, error) {
	t.Helper()
	key, choice, err := keyring.Default(t.Context(), keyring.Options{Name: "my-tool", Folder: folder, Sources: sources})
	return planted(key), choice, err
}

func TestLadder(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for name, c := range map[string]struct {
		sources []keyring.Source
		want    string // the choice
		err     error
	}{
		"the first has a key": {
			[]keyring.Source{&place{name: "a", key: newKey()}, &place{name: "b", key: newKey()}},
			"a: a key was found", nil,
		},
		"the first takes one": {
			[]keyring.Source{&place{name: "a"}, &place{name: "b", key: newKey()}},
			"a: a new key was made", nil,
		},
		"the first is not there": {
			[]keyring.Source{&place{name: "a", err: absent("no bus")}, &place{name: "b"}},
			"b: a new key was made; not a: no bus", nil,
		},
		"the first forgets": {
			[]keyring.Source{&place{name: "a", forgets: true}, &place{name: "b", key: newKey()}},
			"b: a key was found; not a: does not return the key that it was given", nil,
		},
		"the first keeps another": {
			[]keyring.Source{&place{name: "a", swaps: true}, &place{name: "b", key: newKey()}},
			"b: a key was found; not a: does not return the key that it was given", nil,
		},
		"an error that nobody has typed": {
			[]keyring.Source{&place{name: "a", err: errors.Join(keyring.ErrUnavailable, broken)}, &place{name: "b"}},
			"b: a new key was made; not a: not available\n" + broken.Error(), nil,
		},
		"a third": {
			[]keyring.Source{&place{name: "a", err: absent("no bus")}, &place{name: "b", err: absent("no TPM")}, &place{name: "c"}},
			"c: a new key was made; not a: no bus; not b: no TPM", nil,
		},
		"none": {
			[]keyring.Source{&place{name: "a", err: absent("no bus")}, &place{name: "b", err: absent("no TPM")}},
			"no key; not a: no bus; not b: no TPM", keyring.ErrUnavailable,
		},
		"the first is broken": {
			[]keyring.Source{&place{name: "a", err: broken}, &place{name: "b"}},
			"no key", broken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "new")
			key, choice, err := open(t, folder, c.sources...)
			if choice.String() != c.want || !errors.Is(err, c.err) || key.IsZero() != (c.err != nil) {
				t.Errorf("key %v, choice %q, error %v; want %q, error %v", key, choice, err, c.want, c.err)
			}
			if choice.Made != strings.Contains(c.want, "was made") {
				t.Errorf("made = %v", choice.Made)
			}
			if errors.Is(c.err, keyring.ErrUnavailable) && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, does not say why", err)
			}
			if _, err := os.Stat(filepath.Join(folder, "source")); (err == nil) != (c.err == nil) {
				t.Errorf("recorded: %v", err)
			}
		})
	}
}

// TestLadderRemembers: once a key has a place, no other place is asked, and none gets a second key.
func TestLadderRemembers(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for name, c := range map[string]struct {
		later func(high, low *place) []keyring.Source
		want  error
		says  []string
	}{
		"as before":            {later: func(high, low *place) []keyring.Source { return []keyring.Source{high, low} }},
		"a higher one is back": {later: func(high, low *place) []keyring.Source { high.err = nil; return []keyring.Source{high, low} }},
		"it is locked": {func(high, low *place) []keyring.Source {
			high.err, low.err = nil, absent("locked")
			return []keyring.Source{high, low}
		}, keyring.ErrUnavailable, []string{"cannot be read", "locked", "or delete "}},
		"its key is gone": {func(high, low *place) []keyring.Source {
			low.key = keyring.Key{}
			return []keyring.Source{high, low}
		}, keyring.ErrNoKey, []string{"is gone", "restore it, or delete "}},
		"it is broken": {func(high, low *place) []keyring.Source {
			low.err = &keyring.Error{Operation: "load", Source: "low", Err: broken}
			return []keyring.Source{high, low}
		}, broken, nil},
		"it is not on the ladder": {func(high, _ *place) []keyring.Source {
			high.err = nil
			return []keyring.Source{high}
		}, keyring.ErrUnavailable, []string{"not on the ladder", "source: "}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := private(t)
			high, low := &place{name: "high", err: absent("no bus")}, &place{name: "low"}
			first, _, err := open(t, folder, high, low)
			if err != nil {
				t.Fatal(err)
			}
			high.asked = 0
			key, choice, err := open(t, folder, c.later(high, low)...)
			if high.asked != 0 || !high.key.IsZero() {
				t.Errorf("the higher place was asked %d times, and has key %v", high.asked, high.key)
			}
			if c.want != nil {
				wantError(t, err, c.want, c.says...)
				return
			}
			if err != nil || !key.Equal(first) || choice.String() != "low: chosen at an earlier start" || choice.Made {
				t.Errorf("key %v, choice %q, error %v; want key %v", key, choice, err, first)
			}
		})
	}
}

func TestLadderRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, folder string)
		want  error
	}{
		"a folder that others see":  {func(t *testing.T, folder string) { _ = os.Chmod(folder, 0o755) }, keyring.ErrUnsafe},
		"a record that others made": {func(t *testing.T, folder string) { write(t, folder+"/source", "a\n", 0o666) }, keyring.ErrUnsafe},
		"an empty record":           {func(t *testing.T, folder string) { write(t, folder+"/source", "", 0o600) }, keyring.ErrDamaged},
		"a record that is a line short": {func(t *testing.T, folder string) {
			write(t, folder+"/source", "a\nb\n", 0o600)
		}, keyring.ErrUnavailable},
		"a file": {func(t *testing.T, folder string) {
			_ = os.Remove(folder)
			write(t, folder, "", 0o600)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			folder := private(t)
			c.spoil(t, folder)
			a := &place{name: "a"}
			_, _, err := open(t, folder, a)
			var typed *keyring.Error
			if !errors.As(err, &typed) || (c.want != nil && !errors.Is(err, c.want)) || a.asked > 0 {
				t.Errorf("error = %v after %d questions, want a *keyring.Error that is %v", err, a.asked, c.want)
			}
		})
	}
}

// TestDelivered: what the operator gives at this start wins, and needs no folder.
func TestDelivered(t *testing.T) {
	settings, credentials := bare(t), t.TempDir()
	before, choice, err := keyring.Default(t.Context(), keyring.Options{Name: "my-tool"})
	if planted(before); err != nil || choice.Source != "key file" {
		t.Fatalf("choice %q, error %v", choice, err)
	}
	key := newKey()
	write(t, filepath.Join(credentials, "my-tool.key"), key.Text().Reveal()+"\n", 0o600)
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	check := func(when string) {
		t.Helper()
		got, choice, err := keyring.Default(t.Context(), keyring.Options{Name: "my-tool"})
		if err != nil || !got.Equal(key) || choice.String() != "systemd credential: a key was found" {
			t.Errorf("%s: key %v, choice %q, error %v; want key %v", when, got, choice, err, key)
		}
	}
	check("after another choice")
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("HOME", "")
	check("without a home")
	write(t, filepath.Join(credentials, "my-tool.key"), "sesame", 0o600)
	_, _, err = keyring.Default(t.Context(), keyring.Options{Name: "my-tool"})
	wantError(t, err, keyring.ErrDamaged)
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	_, _, err = keyring.Default(t.Context(), keyring.Options{Name: "my-tool"})
	var config *domain.ConfigError
	if !errors.As(err, &config) || config.Field != "Folder" || !strings.Contains(config.Remedy, "$STATE_DIRECTORY") {
		t.Errorf("error = %v, want a ConfigError of the folder", err)
	}
	_, choice, err = open(t, private(t), keyring.Credential("my-tool"))
	wantError(t, err, keyring.ErrUnavailable, "not systemd credential: $CREDENTIALS_DIRECTORY is not set")
	if choice.Source != "" {
		t.Errorf("choice = %q", choice)
	}
	_, choice, err = open(t, private(t), &place{name: "a", err: absent("no bus")}, keyring.Credential("my-tool"), &place{name: "b"})
	if err != nil || choice.String() != "b: a new key was made; not a: no bus; not systemd credential: a service cannot store its credentials" {
		t.Errorf("choice = %q, error %v", choice, err)
	}
	if _, err := os.Stat(filepath.Join(settings, "my-tool", "keyring", "source")); err != nil {
		t.Error(err)
	}
}

// TestDefaultLadder is the one of the package comment, from the top.
func TestDefaultLadder(t *testing.T) {
	const noStore = "not systemd credential: $CREDENTIALS_DIRECTORY is not set; not Secret Service: there is no session bus"
	for name, c := range map[string]struct {
		systemd string
		ask     keyring.Ask
		want    string
	}{
		"systemd-creds":       {"", typed("correct horse"), "systemd-creds: a new key was made; " + noStore},
		"passphrase":          {"refuses", typed("correct horse"), "passphrase: a new key was made; " + noStore + "; not systemd-creds: Failed to determine local credential host secret: Permission denied"},
		"key file":            {"silent", nil, "key file: a new key was made; " + noStore + "; not systemd-creds: exit status 2"},
		"nobody can be asked": {"silent", typed(""), "key file: a new key was made; " + noStore + "; not systemd-creds: exit status 2; not passphrase: the user cannot be asked here"},
	} {
		t.Run(name, func(t *testing.T) {
			settings := bare(t)
			withSystemd(t, c.systemd)
			o := keyring.Options{Name: "my-tool", Passphrase: c.ask}
			first, choice, err := keyring.Default(t.Context(), o)
			if planted(first); err != nil || choice.String() != c.want {
				t.Fatalf("choice = %q, error %v; want %q", choice, err, c.want)
			}
			again, _, err := keyring.Default(t.Context(), o)
			if err != nil || !again.Equal(first) {
				t.Errorf("the second start has key %v, error %v; want key %v", again, err, first)
			}
			if info, err := os.Stat(filepath.Join(settings, "my-tool", "keyring")); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the folder: %v, %v", info, err)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	a := &place{name: "a"}
	for name, c := range map[string]struct {
		options keyring.Options
		field   string
	}{
		"no name":           {keyring.Options{}, "Name"},
		"a path":            {keyring.Options{Name: "../other"}, "Name"},
		"a hidden name":     {keyring.Options{Name: ".tool"}, "Name"},
		"two lines":         {keyring.Options{Name: "my\ntool"}, "Name"},
		"a name too long":   {keyring.Options{Name: strings.Repeat("a", 65)}, "Name"},
		"no sources":        {keyring.Options{Name: "my-tool", Sources: []keyring.Source{}}, "Sources"},
		"a nil source":      {keyring.Options{Name: "my-tool", Sources: []keyring.Source{a, nil}}, "Sources"},
		"two of one name":   {keyring.Options{Name: "my-tool", Sources: []keyring.Source{a, &place{name: "a"}}}, "Sources"},
		"a source nameless": {keyring.Options{Name: "my-tool", Sources: []keyring.Source{&place{}}}, "Sources"},
	} {
		t.Run(name, func(t *testing.T) {
			bare(t)
			_, choice, err := keyring.Default(t.Context(), c.options)
			var config *domain.ConfigError
			if !errors.As(err, &config) || config.Field != c.field || config.Remedy == "" || choice.Source != "" {
				t.Errorf("error = %v, want a ConfigError of %s with a remedy", err, c.field)
			}
		})
	}
}

// TestTogether: programs that start at once for the first time get one key.
func TestTogether(t *testing.T) {
	const programs = 8
	folder := private(t)
	keys := make([]keyring.Key, programs)
	var all, arrived sync.WaitGroup
	arrived.Add(1)
	for i := range keys {
		all.Go(func() {
			s := &slow{keyring.KeyFile(filepath.Join(folder, "key"))}
			arrived.Wait()
			key, _, err := keyring.Default(context.Background(), keyring.Options{Name: "my-tool", Folder: folder, Sources: []keyring.Source{s}})
			if err != nil {
				t.Error(err)
			}
			keys[i] = planted(key)
		})
	}
	arrived.Done()
	all.Wait()
	for _, key := range keys {
		if !key.Equal(keys[0]) {
			t.Errorf("keys %v, want one", keys)
			break
		}
	}
}

// slow lets others run where two programs might cross.
type slow struct{ keyring.Source }

func (s *slow) Load(ctx context.Context) (keyring.Key, error) {
	key, err := s.Source.Load(ctx)
	yield := time.NewTimer(2 * time.Millisecond)
	<-yield.C
	return key, err
}

// TestLocked: a program that hangs with the lock does not hang the others for ever.
func TestLocked(t *testing.T) {
	folder := private(t)
	other := flock.New(filepath.Join(folder, "lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	synctest.Test(t, func(t *testing.T) {
		a := &place{name: "a"}
		_, _, err := open(t, folder, a)
		wantError(t, err, keyring.ErrUnavailable, "another process holds the lock", "hangs")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = keyring.Default(ctx, keyring.Options{Name: "my-tool", Folder: folder, Sources: []keyring.Source{a}})
		wantError(t, err, context.DeadlineExceeded)
		if a.asked > 0 {
			t.Error("the place was asked without the lock")
		}
	})
}

// TestChosenMeanwhile: who waits for the lock takes the choice of who had it.
func TestChosenMeanwhile(t *testing.T) {
	folder := private(t)
	other := flock.New(filepath.Join(folder, "lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		a, b := &place{name: "a"}, &place{name: "b", key: newKey()}
		go func() {
			time.Sleep(time.Second) // of the bubble: the other side waits by then
			write(t, filepath.Join(folder, "source"), "b\n", 0o600)
			if err := other.Close(); err != nil {
				t.Error(err)
			}
		}()
		_, choice, err := open(t, folder, a, b)
		if err != nil || choice.Source != "b" || a.asked > 0 {
			t.Errorf("choice %q, error %v, the other place was asked %d times; want b", choice, err, a.asked)
		}
	})
}

// TestCallerGivesUp: then no lower place gets a key.
func TestCallerGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a, b := &place{name: "a", err: absent("no bus"), loading: cancel}, &place{name: "b"}
	_, _, err := keyring.Default(ctx, keyring.Options{Name: "my-tool", Folder: private(t), Sources: []keyring.Source{a, b}})
	wantError(t, err, context.Canceled)
	if b.asked > 0 {
		t.Errorf("the next place was asked %d times", b.asked)
	}
}
