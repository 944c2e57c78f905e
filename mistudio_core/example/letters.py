"""Stories that the hero writes home."""

from __future__ import annotations

from mistudio_core.example.plot import Plot, Theme, listed

_LETTER = Plot(
    openings=(
        "Dear {elder_name},\n\nI am well, and I hope that you are too. I am writing from {stay}, where I have been "
        "since {weekday}.",
        "Dear {elder_name},\n\nThank you for the {gift}! It came in time, and only one corner of the parcel was eaten.",
        "Dear {elder_name},\n\nYou asked me to write something every week, so now I am sitting on my bed with a pen "
        "that leaks. You should see {stay} in the rain!",
        "My dear {elder_name},\n\nToday it is raining in {town}, and there is nothing to do, and therefore I can "
        "tell you everything in order.",
    ),
    tries=(
        "I tried it with patience, as you always say. That took {few} minutes.",
        "There are {n} of us here, and {k} have a cold. The other {rest} laugh at them, and tomorrow it will be the "
        "other way round.",
        "My friend {friend_name} says hello. {Fhe} is standing behind me and reading along, so I can't write what "
        "{fhe} did with the {camp_thing2}.",
        "For supper there was {treat}. I ate {few} helpings, but please don't tell anyone at home.",
        "At night one can hear {night_sound}. I am not afraid of it any more, or only on the inside.",
        "A {animal} visits us each morning. I named it after you. It also likes to sleep in the sun.",
        "I have learned to {skill}. It looks easy, but you should see my knees.",
        "I enclose a {keepsake}. It was a good deal more {colour} yesterday.",
    ),
    turns=(
        (
            "Something {strange} has happened. On {weekday} my {camp_thing} was gone, and in its place there lay a "
            "{keepsake}.",
            "And do you know who it was? A magpie! It has a nest full of things in the {camp_tree}: {few} spoons, a "
            "whistle, and the glasses of our cook. We left it the whistle.",
        ),
        (
            "I must confess to you that I was homesick. It begins in the stomach, and in the evening it is everywhere.",
            "Then {friend_name} came and sat down next to me and said that {fhe} had it too. We compared, and it was "
            "exactly the same. Since then it has been only half as bad.",
        ),
        (
            "We went for a walk and got lost, although {friend_name} had the map. It was, as we found out later, the "
            "map of another place.",
            "In the end we followed the smell of {smell} and came out behind the kitchen. We have called it an "
            "expedition, and there was a speech.",
        ),
        (
            "There was a competition to see who could {skill}. I was so nervous that I put my {clothes} on back to "
            "front.",
            "I came last but one! The judge told me that nobody had ever come last but one with so much spirit.",
        ),
    ),
    endings=(
        "Now the page is full, so I shall write up the side. Give the {animal} a kiss from me.\n\nYour {hero_name}",
        "I have to stop, for the bell has gone. I miss you, but not so much that you need to worry.\n\nLove, "
        "{hero_name}\n\nP.S. Please send {treat}.",
        "Please write soon, and tell me everything, even if nothing happens.\n\nMany greetings from {hero_name}",
        "I shall be home in {n} days. I have counted twice.\n\nWith a thousand kisses, your {hero_name}",
    ),
)

_DIARY = Plot(
    openings=(
        "{Month}, a {weekday}. I have decided to keep a diary, because {elder_name} says that one forgets the best "
        "things.",
        "{Month}, early in the morning. Nobody is awake yet but me and the {animal}, who is under my bed.",
        "{Month}, raining. Dear diary, I am sorry that I have not written for {few} weeks. There was so much to do "
        "that I could not write it down.",
    ),
    tries=(
        "Before breakfast: nothing. After breakfast: {treat}.",
        "I practised how to {skill} behind the shed. The {animal} watched and, I believe, learned more than I did.",
        "{Friend_name} came over with {fhis} {camp_thing2}. We made a plan and swore an oath on it, but we forgot to "
        "say what for.",
        'I asked {elder_name} whether it was true. "It is true enough," was the answer, and I am still thinking '
        "about that.",
        "Found today: {few} feathers, a {keepsake}, and a button that fits none of my things.",
    ),
    turns=(
        (
            "Today I told a lie. It was a small one, about the {camp_thing}, but it has been sitting on my chest "
            "ever since, like a cat.",
            'In the evening I told the truth. {Elder_name} looked at me for a while and said, "I know. I was only '
            'waiting for you." Then we washed up, and the cat on my chest got up and left.',
        ),
        (
            "I have lost my {camp_thing}. I have looked everywhere, even in places where I have never been.",
            "I have found it! It was in the pocket of my {clothes}, which I had been wearing the whole time. I have "
            "decided to tell everybody that it was much harder.",
        ),
        (
            "{Friend_name} is moving away, to {stay}. {Fhe} told me by the {camp_tree}, and then neither of us could "
            "think of anything to say.",
            "We have divided the {keepsake} between us, half for each. {Friend_name} says that with something that "
            "is in two places, one is in two places as well. I shall try it out tomorrow.",
        ),
    ),
    endings=(
        "Now I am tired, and the pencil is too. Good night, diary.",
        "To be remembered: {lesson}.",
        "Tomorrow is {weekday2}. I am looking forward to it without knowing why.",
        "I read all this through once more. It was really quite a {nice} day.",
    ),
)

LETTERS = Theme(
    name="letters",
    words={
        "stay": listed("""
            the summer camp, my aunt's farm, the mountain hut, the seaside, the boarding school, the hospital, the
            islands, my cousins' house, the big city, the holiday home, a houseboat, the vineyard, the old mill
        """),
        "camp_thing": listed("""
            torch, water bottle, pocket knife, compass, toothbrush, sleeping bag, harmonica, left boot, teddy bear,
            raincoat, swimming costume, fishing rod, notebook, tin mug, towel, binoculars
        """),
        "camp_tree": listed("big lime tree, old oak, crooked pine, walnut tree, poplar, hollow willow, tallest fir"),
        "skill": listed("""
            dive, milk a cow, row backwards, light a fire, ride a donkey, tie nine knots, whistle on grass, peel an
            apple in one piece, stand on my head, cook porridge, walk on a rope, bake bread in the ashes, swim
            underwater, plait hair
        """),
        "night_sound": listed("""
            the owls, the sea, the frogs, the trains, the wind in the chimney, the cows, the rain on the tent, a
            nightingale, the river, the boards of the old floor
        """),
        "keepsake": listed("""
            feather, four-leaf clover, pressed poppy, snail shell, striped pebble, dried seahorse, maple leaf, bus
            ticket, peacock feather, blue eggshell, pine cone, stamp from abroad, piece of bark
        """),
    },
    plots=(_LETTER, _DIARY),
    tiny=(
        "Dear {elder_name}, the sun is shining, the food is good, and I can now {skill}. Everything else I shall "
        "tell you when the plaster comes off. Your {hero_name}",
        "Dear diary, today nothing happened. It happened all day long, very slowly, and in the evening there was "
        "{treat}.",
        "Dear {friend_name}, I found your {camp_thing}. It was on the {camp_tree}. Please tell me how it got there, "
        "or else I shall have to go on guessing. {Hero_name}",
        "Greetings from {stay}! There are {n} beds here, and I have tried {k}. Tonight I shall try the other {rest}. "
        "Don't wait for me. {Hero_name}",
        "Dear {elder_name}, I have read your letter {few} times, and each time it was a bit longer. I keep it under "
        "the pillow with the {keepsake}. Please write again. Your {hero_name}",
    ),
    first_person=True,
)
