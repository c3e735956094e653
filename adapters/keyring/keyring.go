package keyring

import (
	"context"
	"os"
	"path/filepath"
	"regexp"

	"github.com/seed57855a68/keyport/domain"
)

// Source is a place where one key is kept.
type Source interface {
	// Name says what it is: "key file". It tells sources of one ladder apart, and is recorded.
	Name() string

	// Load returns the key. An error that is [ErrNoKey] means that none is kept, one that is [ErrUnavailable] that
	// the next rung may be tried; every other error ends the search, so that no second key is made.
	Load(ctx context.Context) (Key, error)

	// Store keeps the key, in the place of one that is there. The errors are those of Load.
	Store(ctx context.Context, key Key) error
}

// Options say whose key it is.
type Options struct {
	// Name of the program: letters, digits, '.', '_' and '-', at most 64. Required. Programs of one user that have the
	// same name and folder share the key.
	Name string

	// Folder for the files of this package; none but the program's user may read it. When empty, the folder
	// "keyring" in the one that [os.UserConfigDir] has for Name. It is made when it does not exist.
	Folder string

	// Passphrase asks the user. When nil, there is no such rung.
	Passphrase Ask

	// Sources is the ladder, from the top. When nil, the one of the package comment.
	Sources []Source
}

// Default returns the key of a program, which it makes at the first start, and says where it is kept.
// Processes that start at once get the same key. The choice is filled as far as it went when there is an error.
func Default(ctx context.Context, o Options) (Key, Choice, error) {
	if err := o.complete(); err != nil {
		return Key{}, Choice{}, err
	}
	l := ladder{folder: o.Folder, sources: o.Sources}
	key, err := l.open(ctx)
	return key, l.choice, err
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// complete checks the options and fills in the defaults.
func (o *Options) complete() error {
	if !namePattern.MatchString(o.Name) {
		return &domain.ConfigError{
			Field: "Name", Problem: "is not a name of letters, digits, '.', '_' and '-'",
			Remedy: "pass the name of the program, such as \"my-tool\"",
		}
	}
	if o.Folder == "" {
		// Without one, a key that systemd delivers can still be used.
		if config, err := os.UserConfigDir(); err == nil {
			o.Folder = filepath.Join(config, o.Name, "keyring")
		}
	}
	if o.Sources == nil {
		o.Sources = o.ladder()
	}
	return checkSources(o.Sources)
}

func (o *Options) ladder() []Source {
	sources := []Source{
		Credential(o.Name),
		KeyStore(o.Name),
		SystemdCreds(filepath.Join(o.Folder, "key.systemd"), o.Name),
	}
	if o.Passphrase != nil {
		sources = append(sources, Passphrase(filepath.Join(o.Folder, "key.passphrase"), o.Passphrase))
	}
	return append(sources, KeyFile(filepath.Join(o.Folder, "key")))
}

func checkSources(sources []Source) error {
	names := map[string]bool{}
	for _, s := range sources {
		if s == nil || s.Name() == "" || names[s.Name()] {
			return &domain.ConfigError{
				Field: "Sources", Problem: "has a nil, one without a name, or two of one name",
				Remedy: "let each source have a name of its own",
			}
		}
		names[s.Name()] = true
	}
	if len(names) == 0 {
		return &domain.ConfigError{
			Field: "Sources", Problem: "is empty", Remedy: "leave it nil for the usual ladder, or pass at least one",
		}
	}
	return nil
}
