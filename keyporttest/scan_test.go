package keyporttest_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// sceneVariable makes TestScanOutput play a scene, in a process of its own.
const sceneVariable = "KEYPORTTEST_SCENE"

// scene is a test that misbehaves, or does not.
type scene struct {
	play    func(t *testing.T, a *keyporttest.Authority)
	code    int
	forward []string // what reaches the output
	told    []string // what ScanOutput says, as regular expressions
}

var scenes = map[string]scene{
	"nothing to tell": {
		play: func(t *testing.T, _ *keyporttest.Authority) { t.Log("all is well"); fmt.Println("to standard output") },
		code: 0, forward: []string{"all is well", "to standard output", "PASS"},
	},
	"a failure is a failure": {
		play: func(t *testing.T, _ *keyporttest.Authority) { t.Error("it is wrong") },
		code: 1, forward: []string{"it is wrong", "--- FAIL: TestScanOutput"},
	},
	"a planted secret, logged": {
		play: func(t *testing.T, _ *keyporttest.Authority) {
			t.Log("password:", keyporttest.PlantSecret("password of a user"))
		},
		code: 1, forward: []string{"password: planted-", "PASS"},
		told: []string{`the output shows the password of a user of a test: standard output and error, line \d+, after "    scan_test\.go:\d+: password: "`},
	},
	"a token that was issued, printed": {
		play: func(t *testing.T, a *keyporttest.Authority) { fmt.Printf("got %s\n", token(t, a)) },
		code: 1, forward: []string{"got eyJ"}, told: []string{`shows the access token of a test: .*after "got "`},
	},
	"a secret that was given, on standard error": {
		play: func(_ *testing.T, _ *keyporttest.Authority) { fmt.Fprintln(os.Stderr, "using the-app's-own-secret") },
		code: 1, forward: []string{"using the-app's-own-secret"}, told: []string{`shows the client secret of a test: .*after "using "`},
	},
	"a secret through the standard logger": {
		play: func(_ *testing.T, _ *keyporttest.Authority) { log.Print("using the-app's-own-secret") },
		code: 1, forward: []string{"using the-app's-own-secret"}, told: []string{`shows the client secret of a test: .*after ".* using "`},
	},
	"a secret in a log that nobody sees": {
		play: func(_ *testing.T, _ *keyporttest.Authority) {
			keyporttest.Logger().Debug("sent", "secret", "the-app's-own-secret")
		},
		code: 1, told: []string{`shows the client secret of a test: the log, line \d+, after ".*secret="`},
	},
	"a value of the test's own": {
		play: func(_ *testing.T, _ *keyporttest.Authority) {
			keyporttest.Plant("passphrase", "correct horse", "wrong horse", "short")
			fmt.Println("use the wrong horse, or a short one")
		},
		code: 1, told: []string{`shows the passphrase of a test: .*after "use the "`},
	},
	"a secret in base64 behind something else": {
		play: func(_ *testing.T, _ *keyporttest.Authority) {
			fmt.Println("Authorization: Basic", base64.StdEncoding.EncodeToString([]byte("client:the-app's-own-secret")))
		},
		code: 1, told: []string{`shows the client secret of a test`},
	},
	"a private key": {
		play: func(_ *testing.T, _ *keyporttest.Authority) {
			fmt.Printf("%s", keyporttest.NewECCertificate("x").KeyPEM())
		},
		code: 1, told: []string{`shows the private key of a test`},
	},
	"a failure and a secret": {
		play: func(t *testing.T, _ *keyporttest.Authority) { t.Error("not", keyporttest.PlantSecret("password")) },
		code: 1, forward: []string{"--- FAIL"}, told: []string{`shows the password`},
	},
	// What was written is there although nothing after the panic is run any more.
	"a panic": {
		play: func(t *testing.T, _ *keyporttest.Authority) {
			for i := range 2000 {
				t.Log("line", i, "before the panic")
			}
			panic("it breaks")
		},
		code: 2, forward: []string{"line 0 before the panic", "line 1999 before the panic", "--- FAIL: TestScanOutput", "panic: it breaks"},
	},
	"a panic in a goroutine": {
		play: func(_ *testing.T, _ *keyporttest.Authority) {
			fmt.Println(strings.Repeat("long ", 10_000) + "line")
			go panic("it breaks")
			select {}
		},
		code: 2, forward: []string{"long line", "panic: it breaks"},
	},
	"a holder": { // ends with its input
		play: func(_ *testing.T, _ *keyporttest.Authority) { _, _ = io.Copy(io.Discard, os.Stdin) },
		code: 0,
	},
	"an exit": {
		play: func(_ *testing.T, _ *keyporttest.Authority) { fmt.Println("last words"); os.Exit(7) },
		code: 7, forward: []string{"last words"},
	},
}

func token(t *testing.T, a *keyporttest.Authority) string {
	t.Helper()
	return post(t, a, tokenURL, map[string]string{"client_secret": "the-app's-own-secret"}).text("access_token")
}

// TestScanOutput runs this test again in a process of its own for each scene, in
// which it plays the scene; TestMain is the same in both.
func TestScanOutput(t *testing.T) {
	if name := os.Getenv(sceneVariable); name != "" {
		a := keyporttest.New(keyporttest.Options{})
		a.AddApp(keyporttest.App{ClientID: clientID, Secrets: []string{"the-app's-own-secret"}})
		scenes[name].play(t, a)
		return
	}
	for name, s := range scenes {
		t.Run(name, func(t *testing.T) {
			code, output := again(t, name)
			if code != s.code {
				t.Errorf("exit code %d, want %d", code, s.code)
			}
			told, forwarded := apart(output)
			for _, want := range s.forward {
				if !strings.Contains(forwarded, want) {
					t.Errorf("the output lacks %q", want)
				}
			}
			if len(told) != len(s.told) {
				t.Fatalf("%d reports, want %d", len(told), len(s.told))
			}
			for i, want := range s.told {
				if !regexp.MustCompile(want).MatchString(told[i]) {
					t.Errorf("told %q, want %s", told[i], want)
				}
				if strings.Contains(told[i], "planted-") || strings.Contains(told[i], "own-secret") || strings.Contains(told[i], "eyJ") {
					t.Error("the report shows the secret")
				}
			}
		})
	}
}

// again runs this test in a new process, with its output as under "go test": both
// streams are one.
func again(t *testing.T, name string) (code int, output string) {
	t.Helper()
	test := exec.CommandContext(soon(t), os.Args[0], "-test.run=^TestScanOutput$", "-test.v")
	test.Env = append(os.Environ(), sceneVariable+"="+name)
	var out bytes.Buffer
	test.Stdout, test.Stderr = &out, &out
	err := test.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return test.ProcessState.ExitCode(), out.String()
}

// apart takes the reports out of an output. The rest may show secrets, so no failure
// of these tests prints it.
func apart(output string) (told []string, rest string) {
	var other strings.Builder
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "keyporttest: ") {
			told = append(told, line)
		} else {
			other.WriteString(line)
		}
	}
	return told, other.String()
}

// runner is anything that can be run.
type runner func() int

func (r runner) Run() int { return r() }

// streamed runs ScanOutput with files in place of the streams, and returns what
// reached them.
func streamed(t *testing.T, run runner) (code int, stdout, stderr string) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	out, errs, logger := os.Stdout, os.Stderr, log.Writer()
	defer func() { os.Stdout, os.Stderr = out, errs; log.SetOutput(logger) }()
	os.Stdout, os.Stderr = files[0], files[1]
	log.SetOutput(os.Stderr)
	code = keyporttest.ScanOutput(run)
	if os.Stdout != files[0] || os.Stderr != files[1] || log.Writer() != io.Writer(files[1]) {
		t.Error("the streams, or the logger, are not as they were")
	}
	var texts [2]string
	for i, f := range files {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return code, texts[0], texts[1]
}

func TestScanOutputRunsAnythingAndKeepsStreamsApart(t *testing.T) {
	code, stdout, stderr := streamed(t, func() int {
		fmt.Fprintln(os.Stdout, "to standard output")
		fmt.Fprintln(os.Stderr, "to standard error")
		return 3
	})
	if code != 3 || stdout != "to standard output\n" || stderr != "to standard error\n" {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
	secret := keyporttest.PlantSecret("password")
	code, stdout, stderr = streamed(t, func() int {
		fmt.Fprintln(os.Stdout, "1\n2\nx", secret)
		fmt.Fprintln(os.Stderr, "y", secret)
		return 0
	})
	if code != 1 || stdout != "1\n2\nx "+secret+"\n" {
		t.Errorf("code %d, or standard output is not what was written", code)
	}
	told, rest := apart(stderr)
	if len(told) != 2 || rest != "y "+secret+"\n" ||
		told[0] != "keyporttest: the output shows the password of a test: standard output, line 3, after \"x \"\n" ||
		told[1] != "keyporttest: the output shows the password of a test: standard error, line 1, after \"y \"\n" {
		t.Errorf("told %q", told)
	}
}

func TestScanOutputPutsStreamsBackAfterAPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
	}()
	streamed(t, func() int { panic("not in a test, but around them") })
}

// TestScanOutputDoesNotWaitForOthers: a process that a test has started may hold the
// streams for as long as it lives.
func TestScanOutputDoesNotWaitForOthers(t *testing.T) {
	defer keyporttest.SetPatience(0)()
	holder := exec.CommandContext(soon(t), os.Args[0], "-test.run=^TestScanOutput$")
	holder.Env = append(os.Environ(), sceneVariable+"=a holder")
	leave, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	code, _, stderr := streamed(t, func() int {
		holder.Stdout = os.Stdout
		if err := holder.Start(); err != nil {
			t.Error(err)
		}
		return 0
	})
	if code != 0 || !strings.Contains(stderr, "another process still holds the output") {
		t.Errorf("code %d, standard error %q", code, stderr)
	}
	_ = leave.Close()
	if err := holder.Wait(); err != nil {
		t.Error(err)
	}
}

// TestScanOutputWithoutAProcess: where none can be started, the output is forwarded
// and scanned all the same.
func TestScanOutputWithoutAProcess(t *testing.T) {
	for name, find := range map[string]func() (string, error){
		"not found":   func() (string, error) { return "", errors.New("no such thing here") },
		"not started": func() (string, error) { return t.TempDir(), nil },
	} {
		restore := keyporttest.SetExecutable(find)
		secret := keyporttest.PlantSecret("password")
		code, stdout, stderr := streamed(t, func() int { fmt.Println("it is", secret); return 0 })
		if told, _ := apart(stderr); code != 1 || stdout != "it is "+secret+"\n" || len(told) != 1 {
			t.Errorf("%s: code %d, %d bytes forwarded, %d reports", name, code, len(stdout), len(told))
		}
		restore()
	}
}

// TestScanOutputLeavesFuzzWorkersAlone: their output is read by the fuzzer.
func TestScanOutputLeavesFuzzWorkersAlone(t *testing.T) {
	args := os.Args
	os.Args = append([]string{os.Args[0], "-test.fuzzworker"}, args[1:]...)
	defer func() { os.Args = args }()
	code, stdout, _ := streamed(t, func() int {
		fmt.Fprint(os.Stdout, keyporttest.PlantSecret("password"))
		return 0
	})
	if code != 0 || stdout == "" {
		t.Errorf("code %d, %d bytes", code, len(stdout))
	}
}

func TestALoggerOfOnesOwnIsLeftAlone(t *testing.T) {
	var mine bytes.Buffer
	streamed(t, func() int {
		log.Print("to standard error")
		before := log.Writer()
		log.SetOutput(&mine)
		if code := keyporttest.ScanOutput(runner(func() int { log.Print("to my own"); return 0 })); code != 0 || log.Writer() != io.Writer(&mine) {
			t.Errorf("code %d, or the logger was changed", code)
		}
		log.SetOutput(before)
		return 0
	})
	if !strings.Contains(mine.String(), "to my own") {
		t.Errorf("logged %q", mine.String())
	}
}

func TestAPumpGoesOnWhenNobodyReads(t *testing.T) {
	var kept bytes.Buffer
	keyporttest.Pump(strings.NewReader(strings.Repeat("x", 100_000)), brokenWriter{}, &kept)
	if kept.Len() != 100_000 {
		t.Errorf("kept %d bytes", kept.Len())
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
