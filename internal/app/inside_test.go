package app

// Patient is patient, for the tests.
var Patient = patient
