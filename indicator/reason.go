package indicator

import (
	"errors"
	"strconv"
)

// The reasons for which a value is refused. They are counted in loss reports
// and shown to people, so they never change their spelling.
const (
	ReasonEmpty        = "empty"
	ReasonTooLong      = "too-long"
	ReasonUnknownType  = "unknown-type"
	ReasonWrongType    = "wrong-type" // a good value, but of another type than stated
	ReasonAddress      = "bad-address"
	ReasonPort         = "bad-port"
	ReasonDomain       = "bad-domain"
	ReasonURL          = "bad-url"
	ReasonEmail        = "bad-email"
	ReasonHash         = "bad-hash"
	ReasonFingerprint  = "bad-fingerprint" // JA3, JA4
	ReasonASN          = "bad-asn"
	ReasonMAC          = "bad-mac"
	ReasonCVE          = "bad-cve"
	ReasonRegistryKey  = "bad-registry-key"
	ReasonText         = "bad-text" // control characters, or wrapped over and over
	ReasonPublicSuffix = "public-suffix"
	ReasonTooWide      = "too-wide"
	ReasonOther        = "other"
)

// ValueError says why a value is refused.
type ValueError struct {
	Reason string // one of the Reason constants
	Value  string // the value, shortened
}

// Error implements error.
func (e *ValueError) Error() string {
	return "refused " + strconv.Quote(e.Value) + ": " + e.Reason
}

// Reason returns the short stable word for a refusal of this package,
// [ReasonOther] for any other error and "" for nil.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	if v, ok := errors.AsType[*ValueError](err); ok {
		return v.Reason
	}
	return ReasonOther
}

func refuse(reason, value string) error {
	const shown = 80
	if len(value) > shown {
		value = value[:shown]
	}
	return &ValueError{Reason: reason, Value: value}
}
