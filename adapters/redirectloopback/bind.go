package redirectloopback

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/seed57855a68/keyport/domain"
)

// bindAttempts is how many free ports of one address are tried at the other. That
// even one is taken there is rare.
const bindAttempts = 20

// listenHere opens a port of this machine, for this program only.
func listenHere(ctx context.Context, network, address string) (net.Listener, error) {
	config := net.ListenConfig{
		Control: func(_, _ string, c syscall.RawConn) error {
			var failed error
			if err := c.Control(func(fd uintptr) { failed = exclusive(fd) }); err != nil {
				return err
			}
			return failed
		},
	}
	return config.Listen(ctx, network, address)
}

// bind opens one port at all addresses, except those that this machine has not.
func bind(ctx context.Context, listen listenFunc, addresses []string, port int) (ls []net.Listener, bound int, err error) {
	for range bindAttempts {
		ls, bound, err = bindOnce(ctx, listen, addresses, port)
		if err == nil || port != 0 || !isTaken(err) {
			break
		}
	}
	return ls, bound, err
}

func bindOnce(ctx context.Context, listen listenFunc, addresses []string, port int) (ls []net.Listener, _ int, _ error) {
	var absent error
	for _, address := range addresses {
		l, err := listen(ctx, network(address), net.JoinHostPort(address, strconv.Itoa(port)))
		if err == nil {
			ls = append(ls, l)
			port, err = portOf(l)
		}
		switch {
		case err == nil:
		case isAbsent(err):
			absent = err
		default:
			closeAll(ls)
			return nil, 0, err
		}
	}
	if len(ls) == 0 {
		return nil, 0, absent
	}
	return ls, port, nil
}

// network names the family, so that the system does not open both for one address.
func network(address string) string {
	if strings.Contains(address, ":") {
		return "tcp6"
	}
	return "tcp4"
}

func portOf(l net.Listener) (int, error) {
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

func closeAll(ls []net.Listener) {
	for _, l := range ls {
		_ = l.Close()
	}
}

func isTaken(err error) bool  { return isAny(err, taken) }
func isAbsent(err error) bool { return isAny(err, absent) }

func isDenied(err error) bool { return errors.Is(err, fs.ErrPermission) || isAny(err, denied) }

func isAny(err error, causes []error) bool {
	return slices.ContainsFunc(causes, func(cause error) bool { return errors.Is(err, cause) })
}

// explain says what to do when the port cannot be opened.
func (t target) explain(err error) error {
	var problem string
	remedy := `leave the port out, so that a free one is taken: "http://localhost", registered at Microsoft Entra ID, serves every port`
	switch {
	case isTaken(err) && t.port == 0:
		problem, remedy = "finds no free port on this machine", "close programs that hold many connections, or name a port that the registration has"
	case isTaken(err):
		problem = fmt.Sprintf("names port %d, which is taken", t.port)
		remedy = "close the program or end the sign-in that holds it, or " + remedy
	case isDenied(err) && t.port != 0:
		problem = fmt.Sprintf("names port %d, which this program may not open", t.port)
		remedy = "choose one above 1023, or " + remedy
	case isAbsent(err):
		problem, remedy = "names "+t.host+", which this machine does not have", `pass "http://localhost", which serves what there is`
	default:
		return fmt.Errorf("listen for the answer of the sign-in: %w", err)
	}
	return &domain.ConfigError{Field: "RedirectURI", Problem: problem, Remedy: remedy, Err: err}
}
