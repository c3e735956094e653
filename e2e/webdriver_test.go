//go:build e2e

package e2e_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// window is a real browser, Chromium without a screen, driven over the W3C WebDriver
// protocol.
type window struct {
	*testing.T
	session string // URL
	http    *http.Client
}

// waits is how long the browser looks for an element before there is none. Pages
// appear much sooner; no assertion depends on it.
const waits = 20 * time.Second

// openWindow starts a browser with an empty profile, which trusts the certificates in
// these files; without any, every certificate.
func openWindow(t *testing.T, certFiles ...string) *window {
	t.Helper()
	driver, chromium := lookUp(t, "chromedriver"), lookUp(t, "chromium")
	w := &window{T: t, http: &http.Client{Timeout: patience}}
	origin := w.startDriver(driver)
	arguments := []string{
		"--headless", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(),
		"--ignore-certificate-errors-spki-list=" + strings.Join(keyHashes(t, certFiles), ","),                     // takes effect with a profile of its own
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1, EXCLUDE [::1]", // it leaves this machine alone
	}
	if os.Geteuid() == 0 {
		arguments = append(arguments, "--no-sandbox") // Chromium has none for root
	}
	var created struct {
		SessionID string `json:"sessionId"`
	}
	w.session = origin + "/session"
	w.call(http.MethodPost, "", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"acceptInsecureCerts": len(certFiles) == 0,
		"timeouts":            map[string]any{"implicit": waits.Milliseconds()},
		"goog:chromeOptions":  map[string]any{"binary": chromium, "args": arguments},
	}}}, &created)
	w.session += "/" + created.SessionID
	t.Cleanup(w.close)
	return w
}

func lookUp(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is not installed (%v); %s", program, err, remedy)
	}
	return path
}

// startDriver runs the driver on a free port and returns its address.
func (w *window) startDriver(program string) (origin string) {
	w.Helper()
	command := exec.Command(program, "--port=0", "--allowed-ips=127.0.0.1")
	endsWithTest(command)
	output, err := command.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := command.Start(); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if m := regexp.MustCompile(`started successfully on port (\d+)`).FindStringSubmatch(lines.Text()); m != nil {
			return "http://127.0.0.1:" + m[1]
		}
	}
	w.Fatal("the driver did not start")
	return ""
}

// keyHashes name certificates as Chromium's flag wants them: by their keys.
func keyHashes(t *testing.T, files []string) (hashes []string) {
	t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
		hashes = append(hashes, base64.StdEncoding.EncodeToString(sum[:]))
	}
	return hashes
}

// in is the window in a subtest. Who has signed in at the server stays signed in.
func (w *window) in(t *testing.T) *window {
	other := *w
	other.T = t
	return &other
}

func (w *window) close() {
	request, err := http.NewRequest(http.MethodDelete, w.session, http.NoBody)
	if err != nil {
		w.Fatal(err)
	}
	if response, err := w.http.Do(request); err == nil {
		response.Body.Close()
	}
}

// call is one command of the protocol.
func (w *window) call(method, path string, body, into any) {
	w.Helper()
	if err := w.try(method, path, body, into); err != nil {
		w.Fatal(err)
	}
}

func (w *window) try(method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		text = nil
	}
	request, err := http.NewRequest(method, w.session+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := w.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, answer.Value)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, into)
}

func (w *window) visit(address string) {
	w.Helper()
	w.call(http.MethodPost, "/url", map[string]string{"url": address}, nil)
}

func (w *window) address() (address string) {
	w.Helper()
	w.call(http.MethodGet, "/url", nil, &address)
	return address
}

// find waits for an element.
func (w *window) find(selector string) (path string) {
	w.Helper()
	element := map[string]string{}
	if err := w.try(http.MethodPost, "/element", map[string]string{"using": "css selector", "value": selector}, &element); err != nil {
		w.Fatalf("%v\nthe page at %s says:\n%s", err, w.address(), w.source())
	}
	for _, id := range element {
		path = "/element/" + id
	}
	return path
}

func (w *window) click(selector string) {
	w.Helper()
	w.call(http.MethodPost, w.find(selector)+"/click", map[string]string{}, nil)
}

// clickAway clicks what leads to a page that looks like this one, and waits for it.
func (w *window) clickAway(selector string) {
	w.Helper()
	w.mark()
	w.click(selector)
	w.waitForAnother()
}

// mark tells this page from those that come after it.
func (w *window) mark() {
	w.Helper()
	w.run("document.documentElement.dataset.before = 'yes'")
}

func (w *window) waitForAnother() {
	w.Helper()
	w.find("html:not([data-before])")
}

func (w *window) fill(selector, text string) {
	w.Helper()
	w.call(http.MethodPost, w.find(selector)+"/value", map[string]string{"text": text}, nil)
}

func (w *window) text(selector string) (text string) {
	w.Helper()
	w.call(http.MethodGet, w.find(selector)+"/text", nil, &text)
	return text
}

func (w *window) source() (text string) {
	w.Helper()
	w.call(http.MethodGet, "/source", nil, &text)
	return text
}

// run runs a script on the page.
func (w *window) run(script string) {
	w.Helper()
	w.call(http.MethodPost, "/execute/sync", map[string]any{"script": script, "args": []any{}}, nil)
}

// cookies are those that the browser sends to the page it is at.
func (w *window) cookies() (cookies []*http.Cookie) {
	w.Helper()
	var got []struct{ Name, Value string }
	w.call(http.MethodGet, "/cookie", nil, &got)
	for _, c := range got {
		cookies = append(cookies, &http.Cookie{Name: c.Name, Value: c.Value})
	}
	return cookies
}
