package keyport

import (
	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// What errors mean, and what requests would do.
type (
	// Diagnosis says what an error means and what to do about it.
	Diagnosis = domain.Diagnosis
	// Problem is the class of what went wrong.
	Problem = domain.Problem
	// Retry says whether the same request may be sent again, and when.
	Retry = domain.Retry
	// Actor is who has to do something about an error.
	Actor = domain.Actor
	// TokenPlan says what a request for a token would do.
	TokenPlan = domain.TokenPlan
)

// When to try again: [Diagnosis].Retry.
const (
	RetryNever       = domain.RetryNever
	RetryLater       = domain.RetryLater
	RetryAfterUser   = domain.RetryAfterUser
	RetryAfterChange = domain.RetryAfterChange
)

// Who has to act: [Diagnosis].Actor. (The classes of problems are in package domain.)
const (
	ActorUser          = domain.ActorUser
	ActorDeveloper     = domain.ActorDeveloper
	ActorOperator      = domain.ActorOperator
	ActorAdministrator = domain.ActorAdministrator
	ActorServer        = domain.ActorServer
)

// Explain says in plain words what an error means, who must do what, whether to try
// again, and what to give to support. It shows no secret and no personal data.
func Explain(err error) string { return application.Explain(err) }

// Diagnose is [Explain] for programs.
func Diagnose(err error) Diagnosis { return application.Diagnose(err) }
