"""Words that every theme of the sample stories shares.

The rule for "a" and "an" looks at the first letter only, so no word here may start with a vowel that
is not heard as one (unicorn, one, European) or with a silent h (hour, honest).
"""

from __future__ import annotations

from mistudio_core.example.plot import listed

# Chosen anew at every mention.
FRESH = {
    "nice": listed("""
        lovely, splendid, cheerful, bright, merry, handsome, pleasant, charming, glorious, cosy, dainty, graceful,
        friendly, wonderful, delightful, marvellous, beautiful, magnificent, comfortable, elegant, fine, perfect
    """),
    "small": listed("little, tiny, small, slender, modest, miniature, pocket-sized, dear little, teeny"),
    "big": listed("big, huge, enormous, great, giant, mighty, immense, towering, gigantic, tremendous"),
    "old": listed("old, ancient, crooked, dusty, worn, faded, weathered, creaky, battered, shabby, antique"),
    "strange": listed("strange, peculiar, curious, mysterious, odd, remarkable, unexpected, extraordinary, puzzling"),
    "colour": listed("""
        red, blue, green, yellow, purple, orange, silver, golden, crimson, scarlet, violet, turquoise, amber, ivory,
        emerald, copper, pink, grey, indigo, cream, lilac, maroon, olive, bronze, black, white, brown, rosy, azure
    """),
    "softly": listed("softly, quietly, gently, kindly, calmly, patiently, shyly, thoughtfully, tenderly"),
    "gladly": listed("happily, proudly, merrily, cheerfully, warmly, eagerly, brightly, gladly, joyfully"),
    "carefully": listed("carefully, slowly, cautiously, neatly, precisely, steadily, attentively, little by little"),
    "glad": listed("""
        happy, glad, proud, delighted, pleased, cheerful, content, thrilled, overjoyed, relieved, grateful, jolly
    """),
    "sad": listed("sad, worried, gloomy, upset, anxious, sorry, unhappy, troubled, disappointed, discouraged"),
    "said": listed("said, said, said, answered, replied, declared, announced"),
    "cried": listed("cried, shouted, called, yelled, bellowed"),
    "ran": listed("ran, hurried, raced, dashed, scampered, rushed, darted, sprinted, hastened, bounded"),
    "walked": listed("walked, wandered, strolled, tiptoed, trudged, marched, ambled, paced, plodded"),
    "looked": listed("looked, peered, gazed, stared, glanced, squinted"),
    "smiled": listed("smiled, grinned, beamed, chuckled, laughed, giggled, nodded, winked"),
    "soon": listed("soon, before long, in a little while, after a moment, presently, a minute later"),
    "few": listed("two, three, four, five, six, seven, eight, nine, ten, a dozen"),
}

# Chosen once for a story.
KEPT = {
    "town": listed("""
        Willowbrook, Tumbledown, Marsh End, Pebble Bay, Upper Thistle, Kettleby, Larkhill, Foxbridge, Honeywell,
        Nettlecombe, Oldwater, Penny Cross, Quillhaven, Ravenscar, Sandy Lane, Tillingford, Umberly, Velvet Hill,
        Windmere, Yarrowdale, Applegate, Bellmoor, Candleford, Dapplewood, Elmstead, Fernhollow, Goosewick,
        Harrowfield, Inchcombe, Jackdaw Green, Lanternby, Mossgrove, Northlea, Otterburn, Primrose Bank, Rookhurst,
        Saltmarsh, Three Chimneys, Winterbourne, Cobbleton
    """),
    "weekday": listed("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    "month": listed("January, February, March, April, May, June, July, August, September, October, November, December"),
    "smell": listed("""
        fresh bread, woodsmoke, wet grass, oranges, pine needles, lavender, warm hay, sea salt, ginger biscuits,
        candle wax, ripe apples, peppermint, roasted chestnuts, new paint, rosemary, clean laundry, old books
    """),
    "sound": listed("""
        a bell was ringing, a blackbird was whistling, a cart was rattling over the stones, a dog was barking, a door
        was creaking, somebody was chopping wood, somebody was practising the trumpet, a kettle was singing, a gate
        was swinging in the wind, children were skipping rope, a clock was striking, pigeons were cooing
    """),
    "treat": listed("""
        gingerbread, plum cake, hot chocolate, apple tart, blackberry jam, honey toast, lemon cake, custard, toffee,
        raspberry ice, cinnamon bread, cherry pie, rice pudding, peach cobbler, warm milk, potato salad, pumpkin soup,
        cheese on toast, elderflower lemonade, walnut bread, nougat, poppy seed roll
    """),
    "gift": listed("""
        woollen scarf, tin whistle, brass button, painted marble, paper lantern, wooden spoon, silver thimble, glass
        bead, feather pen, leather pouch, china cup, velvet ribbon, picture book, carved horse, pocket mirror, knitted
        cap, music box, magnifying glass, spinning top, walking stick, pair of mittens, jar of honey
    """),
    "animal": listed("""
        cat, dog, goat, sparrow, pigeon, hen, rooster, cow, sheep, swan, crow, seagull, swallow, snail, bee,
        butterfly, ladybird, dragonfly, cricket, bat, deer, wren, woodpecker, kingfisher, caterpillar, lizard, newt,
        parrot
    """),
    "clothes": listed("coat, apron, jacket, waistcoat, cloak, cardigan, raincoat, pinafore, dressing gown, tunic"),
    "hat": listed("""
        straw hat, woollen cap, bonnet, headscarf, pointed hat, sailor's cap, paper crown, bowler hat, fur hat, beret,
        bobble hat, sun hat
    """),
    "lesson": listed("""
        a friend is worth the wait, small things matter, it is never too late to say sorry, slow steps still arrive,
        asking for help is a kind of courage, sharing makes things larger, patience is stronger than hurry, the best
        plans leave room for a mistake, listening is half of every answer, kindness always comes home again, nobody is
        too small to be useful, tomorrow is another chance, a promise should be kept, the truth is lighter to carry,
        practice beats luck, two heads see further than one
    """),
    "later": listed("""
        the next morning, a week later, that same evening, many years later, when the month was over, the following
        spring, on the very next day, at the end of that summer
    """),
}
