// Command cli is a command-line program that signs a person in: silently when it can,
// in the browser when there is one, or else with a code that is entered on another
// device.
//
//	go run ./examples/cli login whoami logout
//
// That starts an authority inside the program, so it needs no network and no
// registration; your browser will warn of the throw-away certificate. With -robot nobody
// is needed either: the program plays the user, too.
//
//	go run ./examples/cli -robot login login whoami logout
//	go run ./examples/cli -robot -device login whoami
//	go run ./examples/cli -robot=no login          # the user refuses
//	go run ./examples/cli -device -robot=away -hurry login   # nobody comes, and time flies
//
// With a registration of your own (a public client, redirect URI http://localhost) it
// signs in real users:
//
//	go run ./examples/cli -client-id 1111… -authority https://login.microsoftonline.com/common \
//	    -scopes https://graph.microsoft.com/User.Read login whoami
//	go run ./examples/cli -client-id … -issuer https://id.example.com login whoami
//
// Commands are done one after the other in one process, because the tokens live in its
// memory: a cache in a file is to come.
//
// What to read: login.go for the three ways to sign in, explain.go for errors.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	s, err := readSettings(os.Args[1:], os.Stderr)
	if err == nil {
		err = run(ctx, s, os.Stdout)
	}
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "cli:", explain(err))
		os.Exit(1)
	}
}

// settings are what the program is told.
type settings struct {
	authority, issuer, clientID, scopes string

	device, browser bool
	wait            time.Duration
	robot           robotMode
	hurry           bool
	commands        []string

	// for tests
	clock *keyporttest.Clock
	opens ports.Browser
}

func readSettings(arguments []string, help io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("cli", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main tells of mistakes
	flags.StringVar(&s.authority, "authority", os.Getenv("AUTHORITY"), "`URL` of a Microsoft token server, with the tenant")
	flags.StringVar(&s.issuer, "issuer", os.Getenv("ISSUER"), "issuer `URL` of any other OpenID Connect provider")
	flags.StringVar(&s.clientID, "client-id", os.Getenv("CLIENT_ID"), "application (client) `ID` of a public client")
	flags.StringVar(&s.scopes, "scopes", "", "`scopes` of the API that the token is for; when empty, for the sign-in alone")
	flags.BoolVar(&s.device, "device", false, "sign in with a code on another device")
	flags.BoolVar(&s.browser, "browser", false, "sign in in the browser of this machine, or not at all")
	flags.DurationVar(&s.wait, "wait", 5*time.Minute, "how `long` to wait for the browser")
	flags.Var(&s.robot, "robot", "play the `user`: yes, or no who refuses, or away; for the authority inside the program")
	flags.BoolVar(&s.hurry, "hurry", false, "waste no time on waiting; for the authority inside the program")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(help)
			_, _ = fmt.Fprintln(help, "usage: cli [flags] login | whoami | logout …")
			flags.PrintDefaults()
			return s, err
		}
		return s, fmt.Errorf("%w (-h shows the flags)", err)
	}
	if s.device && s.browser {
		return s, errors.New("-device and -browser: which of the two?")
	}
	if s.isReal() && (s.robot != "" || s.hurry) {
		return s, errors.New("-robot and -hurry are for the authority inside the program, and not for real ones")
	}
	if s.scopes != "" && !s.isReal() {
		return s, errors.New("-scopes are for real authorities; name one with -client-id, and -authority or -issuer")
	}
	if s.wait <= 0 {
		return s, fmt.Errorf("-wait %s: how long is that?", s.wait)
	}
	s.commands = flags.Args()
	if len(s.commands) == 0 {
		s.commands = []string{"login", "whoami"}
	}
	return s, nil
}

// isReal reports whether the user has named an authority.
func (s settings) isReal() bool { return s.authority != "" || s.issuer != "" || s.clientID != "" }

func (s settings) scopeList() []string { return strings.Fields(s.scopes) }

// run does the commands, up to the first that fails.
func run(ctx context.Context, s settings, out io.Writer) error {
	p, err := newProgram(ctx, s, out)
	defer p.close()
	if err != nil {
		return err
	}
	commands := map[string]func(context.Context) error{"login": p.login, "whoami": p.whoami, "logout": p.logout}
	for _, name := range s.commands {
		command, known := commands[name]
		if !known {
			return fmt.Errorf("there is no command %q: it is login, whoami or logout, and flags stand before it", name)
		}
		if err := command(ctx); err != nil {
			return err
		}
	}
	return nil
}
