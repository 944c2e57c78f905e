"""Parts that fit into any sample story told from outside: where it happens, what is felt and said, how it ends."""

from __future__ import annotations

SETTINGS = (
    "{Town} was a {nice} place with crooked chimneys and {colour} doors, where everybody knew everybody.",
    "The air in {town} smelled of {smell} that day, and somewhere {sound}.",
    "People in {town} said that nothing ever happened there, but people in {town} were wrong.",
    "It was a {weekday}, quite an ordinary one so far, and somewhere {sound}.",
    "In those days {town} had one street, {few} shops, and more cats than people.",
    "{His} {clothes} had {few} pockets, and in one of them {he} always kept a {gift} for luck.",
    "From {his} window {he} could see half of {town}, a {colour} roof with a weathercock, and a field where a "
    "{animal} lived.",
    "Everything in {town} leaned a little: the fences, the lamp posts, even the {animal} asleep on the wall.",
    "All of {town} smelled of {smell}, as it often did on a {weekday}.",
    "{His} house was the last one in {town}, with a {colour} gate that squeaked good morning to whoever came by.",
)

HABITS = (
    "Every {weekday} {he} shared {treat} with a {animal} that lived under the stairs.",
    "{He} liked {treat}, rainy afternoons, and questions that had no easy answer.",
    "{He} owned {few} {colour} pencils, a {gift}, and a notebook full of plans.",
    "{He} could whistle with two fingers, and {he} never went anywhere without {his} {clothes}.",
    "{He} was not the tallest in {town}, nor the fastest, but {he} noticed things that others walked past.",
    "When {he} was thinking hard, {he} hummed, and today {he} hummed all the way down the road.",
    "{He} had once talked to a {animal} for a whole afternoon, and {he} was almost sure that it had listened.",
    "{He} counted everything: steps, windows, clouds, and the spots on every ladybird {he} met.",
)

FEELINGS = (
    "{Hero} felt {sad}, and for a while {he} sat on an upturned bucket and said nothing at all.",
    "{Hero} bit {his} lip. This was not how the day was meant to go.",
    '"Oh dear," whispered {hero}. "What now?"',
    "A lump came into {hero}'s throat, but {he} swallowed it and lifted {his} chin.",
    "{Hero} was {sad}, yet under all that there was a small stubborn feeling that would not lie down.",
    "For a moment {hero} wanted to run home and hide under the blanket.",
    "{Hero} took {few} deep breaths, the way {elder} had once taught {him}.",
    "{His} ears grew hot, and {he} {looked} hard at {his} own two feet.",
    "{Hero} frowned so deeply that a passing {animal} stopped to look.",
)

TALKS = (
    (
        '"Shall we try together?" asked {friend}.',
        '"It may not work," said {hero}.',
        '"Then we will have tried, and that is more than the {animal} has done all day."',
    ),
    (
        '"You look {sad}," said {elder} {softly}.',
        '"I thought that I could do it alone," {hero} {said}.',
        '"Nobody does anything alone," {said} {elder}. "Even the moon borrows her light."',
    ),
    (
        '"Are you afraid?" asked {friend}.',
        '"A little," {hero} admitted. "Are you?"',
        '"A little. But two little fears are smaller than one big one."',
        "They both {smiled}, and it was true.",
    ),
    (
        '"What would you do?" {hero} asked {elder}.',
        '"I would have some {treat} first," said {elder}. "Then I would begin with the easiest part."',
        '"And after that?"',
        '"After that there is always a new easiest part."',
    ),
    (
        '"I have an idea," said {friend}, "but you may laugh."',
        '"I never laugh before breakfast," {hero} {said}.',
        'So {friend} told {him}, and {hero} did not laugh. "That is a very good idea," {he} said.',
    ),
    (
        '"Wait," said {friend}. "Listen!"',
        '"I hear nothing," whispered {hero}.',
        '"Exactly. It was never so quiet here before. I think that something is about to happen."',
    ),
    (
        '"How long will it take?" asked {hero}.',
        '"As long as it takes," {said} {elder}, pouring out two cups of tea.',
        '"That is what you always say."',
        '"And am I not always right?" {He} had to admit that it was so.',
    ),
    (
        '"Promise not to tell anybody," said {hero}.',
        '"I promise by my {clothes} and by my last piece of {treat}," said {friend} solemnly.',
        "It was the most serious promise in the world, so {hero} told {fhim} everything.",
    ),
)

CLOSINGS = (
    "And {hero} knew then that {lesson}.",
    '"You see," said {elder}, "{lesson}."',
    "{Later}, {hero} still remembered it: {lesson}.",
    "That night there was {treat} for everybody, and the {animal} got the crumbs.",
    "{Friend} gave {him} a {gift} to remember the day by, and {he} kept it on the windowsill.",
    "If you ever pass through {town}, ask for {hero}, and {he} will tell you the rest.",
    "{Hero} went to bed {glad} and slept until somebody called {him} for {treat}.",
    "And they laughed about it for a long, long time.",
    "{Later}, it was {friend} who told the story, and it had grown a little in the telling.",
    '"{Lesson}," wrote {hero} in {his} notebook, and underlined it twice.',
    "Even the {animal} seemed {glad}.",
    "{Elder} only {smiled} and said that {ehe} had known it all along.",
)
