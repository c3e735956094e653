package redirectloopback

import "syscall"

// What Winsock says when a port cannot be opened. Package syscall has other numbers
// for the names that it shares with Unix.
const (
	wsaAccess             syscall.Errno = 10013
	wsaProtocolNotSupport syscall.Errno = 10043
	wsaFamilyNotSupported syscall.Errno = 10047
	wsaAddressInUse       syscall.Errno = 10048
	wsaAddressNotAvail    syscall.Errno = 10049
)

var (
	taken  = []error{wsaAddressInUse}
	absent = []error{wsaAddressNotAvail, wsaFamilyNotSupported, wsaProtocolNotSupport}
	denied = []error{wsaAccess}
)

// exclusiveAddressUse is SO_EXCLUSIVEADDRUSE, which Winsock defines as the complement
// of SO_REUSEADDR.
const exclusiveAddressUse = ^syscall.SO_REUSEADDR

// exclusive keeps the port for this program: without it, another one that asks for
// SO_REUSEADDR can listen at the same address and port, and take answers away.
func exclusive(fd uintptr) error {
	return syscall.SetsockoptInt(syscall.Handle(fd), syscall.SOL_SOCKET, exclusiveAddressUse, 1)
}
