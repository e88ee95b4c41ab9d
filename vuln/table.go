package vuln

import "strings"

// Decision is what SSVC's table for coordinators says to do.
type Decision string

// The decisions.
const (
	Track     Decision = "track"
	TrackStar Decision = "track*"
	Attend    Decision = "attend"
	Act       Decision = "act"
)

// ssvc is CISA's coordinator table 2.0.3: by exploitation, automatable and technical
// impact, the decision for a low, medium and high stake of mission and well-being.
var ssvc = map[Choices][3]Decision{
	{"none", "no", "partial"}:    {Track, Track, Track},
	{"none", "no", "total"}:      {Track, Track, TrackStar},
	{"none", "yes", "partial"}:   {Track, Track, Attend},
	{"none", "yes", "total"}:     {Track, Track, Attend},
	{"poc", "no", "partial"}:     {Track, Track, TrackStar},
	{"poc", "no", "total"}:       {Track, TrackStar, Attend},
	{"poc", "yes", "partial"}:    {Track, Track, Attend},
	{"poc", "yes", "total"}:      {Track, TrackStar, Attend},
	{"active", "no", "partial"}:  {Track, Track, Attend},
	{"active", "no", "total"}:    {Track, Attend, Act},
	{"active", "yes", "partial"}: {Attend, Attend, Act},
	{"active", "yes", "total"}:   {Attend, Act, Act},
}

// Stake is mission prevalence and public well-being together.
type Stake int

// The stakes.
const (
	LowStake Stake = iota
	MediumStake
	HighStake
)

// SSVC returns the decision; ok is false when a question is not answered.
func SSVC(c Choices, s Stake) (d Decision, ok bool) {
	row, ok := ssvc[Choices{strings.ToLower(c.Exploitation), strings.ToLower(c.Automatable), strings.ToLower(c.Impact)}]
	if !ok || s < LowStake || s > HighStake {
		return "", false
	}
	return row[s], true
}

// Deadline is until when to fix, as CISA's directive BOD 26-04 has it.
type Deadline struct {
	Days     int  `json:"days"` // 0 = with the next upgrade of the system
	Forensic bool `json:"forensic"`
}

// String is the deadline in words.
func (d Deadline) String() string {
	switch {
	case d.Days == 0:
		return "fix on system upgrade"
	case d.Forensic:
		return "3 days and forensic investigation"
	case d.Days == 3:
		return "3 days"
	case d.Days == 14:
		return "14 days"
	}
	return "60 days"
}

// Situation is what BOD 26-04 decides by.
type Situation struct{ KEV, Exposed, Automatable, Total bool }

var bod2604 = map[Situation]Deadline{
	{false, false, false, false}: {},
	{false, false, false, true}:  {},
	{false, false, true, false}:  {Days: 60},
	{false, false, true, true}:   {Days: 60},
	{false, true, false, false}:  {Days: 60},
	{false, true, false, true}:   {Days: 14},
	{false, true, true, false}:   {Days: 14},
	{false, true, true, true}:    {Days: 3},
	{true, false, false, false}:  {Days: 14},
	{true, false, false, true}:   {Days: 14},
	{true, false, true, false}:   {Days: 14},
	{true, false, true, true}:    {Days: 3, Forensic: true},
	{true, true, false, false}:   {Days: 14},
	{true, true, false, true}:    {Days: 3, Forensic: true},
	{true, true, true, false}:    {Days: 3},
	{true, true, true, true}:     {Days: 3, Forensic: true},
}

// BOD2604 returns the deadline of a situation.
func BOD2604(s Situation) Deadline { return bod2604[s] }
