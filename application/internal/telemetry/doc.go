// Package telemetry makes the headers by which Microsoft's servers tell clients
// apart and tie log lines together.
package telemetry
